import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareForward } from '../../message/forward.ts';
import { stageLab } from '../../stage-lab.ts';
import { load, outgoing, request, type ScriptCall } from '../lab.ts';
import { textops } from './module.ts';

const A = '203.0.113.1';

async function results(calls: readonly ScriptCall[], headers: readonly string[] = [], body = '') {
  const bound = await load(textops, { calls });
  const { run } = request('INVITE sip:bob@example.com', headers, { body });
  return { run, results: bound.map((call) => call(run)) };
}

test('headers are found in any form and removed, whole kinds at a time', async () => {
  const { run, results: found } = await results(
    [
      ['is_present_hf', 'Subject'],
      ['is_present_hf', 'X-None'],
      ['remove_hf', 'X-A'],
      ['remove_hf', 'X-None'],
      ['remove_hf', 'Subject'],
    ],
    ['s: hello', 'X-A: 1', 'x-a: 2', 'X-B: 3'],
  );
  assert.deepEqual(found, [1, -1, 1, -1, 1]);
  assert.deepEqual(outgoing(run, 's', 'X-A', 'x-a', 'X-B'), ['X-B: 3']);
});

test('what every message needs cannot be removed', () => {
  const check = textops.functions.find(({ name }) => name === 'remove_hf')!.checkArgument!;
  for (const name of ['Via', 'v', 'From', 'call-id', 'l']) assert.match(check(0, name, 1)!, /needs/, name);
  assert.equal(check(0, 'Subject', 1), undefined);
});

test('expressions over message and body, methods, bodies', async () => {
  const { results: found } = await results(
    [
      ['search', '^INVITE'],
      ['search', 'Subject:.*nothing'],
      ['search_body', 'm=audio'],
      ['has_body'],
      ['has_body', 'application/sdp'],
      ['has_body', 'text/plain'],
      ['is_method', 'ACK|invite'],
      ['is_method', 'REGISTER'],
    ],
    ['Content-Type: application/sdp;x=y'],
    'v=0\r\nm=audio 1 RTP/AVP 0',
  );
  assert.deepEqual(found, [1, -1, 1, 1, 1, -1, 1, -1]);
});

test('headers are put beside others, on top, and made of the Request-URI', async () => {
  const { run } = await results(
    [
      ['append_hf', 'X-New: 1\r\n', 'X-A'],
      ['insert_hf', 'X-First: 1\r\n', 'x-a'],
      ['insert_hf', 'X-Top: 1'],
      ['append_hf', 'X-Last: 1\r\n', 'X-None'],
      ['append_urihf', 'X-Uri: <', '>'],
    ],
    ['X-A: 1', 'x-a: 2'],
  );
  assert.deepEqual(outgoing(run, 'X-Top', 'X-First', 'X-A', 'X-New', 'x-a', 'X-Last', 'X-Uri'), [
    'X-Top: 1',
    'X-First: 1',
    'X-A: 1',
    'X-New: 1',
    'x-a: 2',
    'X-Last: 1',
    'X-Uri: <sip:bob@example.com>',
  ]);
  const check = textops.functions.find(({ name }) => name === 'insert_hf')!.checkArgument!;
  assert.match(check(1, 'Via', 2)!, /needs/);
});

test('texts in headers are replaced, one place or all, each change seeing those before', async () => {
  const { run, results: found } = await results(
    [
      ['replace', '1[0-9]+', 'N'],
      ['replace_all', 'b', 'c'],
      ['search_append', '^X-C:', ' <'],
      ['replace', 'nothing', 'x'],
      ['subst', '/^(X-D): (.*)\\.(.*)$/\\1: \\3-\\2 \\u/'],
    ],
    ['X-A: 100 100 b', 'X-B: bb', 'X-D: left.right'],
  );
  assert.deepEqual(found, [1, 1, 1, -1, 1]);
  assert.deepEqual(outgoing(run, 'From', 'X-A', 'X-B', 'X-c', 'X-D'), [
    'From: "A" <sip:N@example.com>;tag=ft1',
    'X-A: 100 100 c',
    'X-c: < cc',
    'X-D: right-left sip:bob@example.com',
  ]);
});

test('what leads the answers home is not changed, and no line becomes none', async () => {
  const { run, results: found } = await results(
    [
      ['subst', '/198\\.51\\.100\\.7/x/g'],
      ['subst', '/^X-A: /gone/'],
      ['subst', '/\r\nX-B: /, /'],
      ['subst', '/^X-D:[^\r]*\r\n//s'],
      ['subst', '/(X-A: )1/\\1a\\r\\nX-New: 1/'],
    ],
    ['X-A: 1', 'X-B: 2', 'X-D: 3'],
  );
  assert.deepEqual(found, [-1, -1, 1, -1, 1]);
  assert.deepEqual(outgoing(run, 'Via', 'X-A', 'X-B', 'X-D', 'X-New').slice(1), ['X-A: a', 'X-New: 1, 2', 'X-D: 3']);
});

test('the Request-URI and its user are changed as long as it stays one', async () => {
  const { run, results: found } = await results([
    ['subst_uri', '/^sip:([a-z]+)@(.*)$/sip:00\\1@\\2;orig=$rU/i'],
    ['subst_user', '/^0+//'],
    ['subst_user', '/bob/b@b/'],
    ['subst_uri', '/.*/<>/'],
    ['subst_uri', '/BOB/x/'],
  ]);
  assert.deepEqual(found, [1, 1, -1, -1, -1]);
  assert.equal(run.uri, 'sip:bob@example.com;orig=bob');
});

test('substitutions are read when the file is', () => {
  const check = textops.functions.find(({ name }) => name === 'subst')!.checkArgument!;
  assert.equal(check(0, '|a\\|b|c|gi', 1), undefined);
  for (const [text, complaint] of [
    ['a/b', /must look like/],
    ['/a/b', /must look like/],
    ['/a/b/x', /flags/],
    ['//b/', /empty/],
    ['/(a/b/', /without its/],
    ['/(a)/\\2/', /group/],
    ['/a/$(ru/', /ru/],
  ] as const)
    assert.match(check(0, text, 1)!, complaint, text);
});

test('bodies are replaced, filtered and given a length', async () => {
  const lab = await stageLab(`loadmodule "/m/textops.so"
    route { if (method=="INVITE") { replace_body("audio", "video"); subst_body('/^c=.*$/c=IN IP4 192.0.2.9/'); }
            else { set_body("$rm", "text/plain"); }
            t_relay(); }`);
  lab.say('INVITE', ['Content-Type: application/sdp', 'X-Kept: 1']);
  assert.equal(lab.sentTo(A).body, '');
  lab.say('MESSAGE', [], 'z9hG4bKother');
  const sent = lab.sentTo(A, 'MESSAGE');
  assert.deepEqual([sent.body, sent.contentLength, sent.valueNamed('Content-Type')], ['MESSAGE', 7, 'text/plain']);
  const sdp = 'v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 1 RTP/AVP 0\r\na=sendonly\r\n';
  const { run, results: found } = await results(
    [
      ['replace_body', 'audio', 'video'],
      ['subst_body', '/^c=.*$/c=IN IP4 192.0.2.9/'],
      ['search_append_body', 'v=0', ';'],
      ['replace_body_all', '0', '00'],
      ['is_audio_on_hold'],
    ],
    [],
    sdp,
  );
  assert.deepEqual(found, [1, 1, 1, 1, 1]);
  assert.equal(
    prepareForward(run.message, run.edits, run.source, false).split('\r\n\r\n')[1],
    'v=00;\r\nc=IN IP4 192.00.2.9\r\nm=video 1 RTP/AVP 00\r\na=sendonly\r\n',
  );
  assert.deepEqual(outgoing(run, 'Content-Length'), ['Content-Length: 62']);
});

test('of several parts one is left', async () => {
  const parts =
    '--x y\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x y \r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--x y--\r\n';
  const multipart = ['Content-Type: multipart/mixed;boundary="x y"'];
  const { run, results: found } = await results(
    [
      ['filter_body', 'text/html'],
      ['filter_body', 'application/sdp'],
    ],
    multipart,
    parts,
  );
  assert.deepEqual([found, run.edits.body], [[-1, 1], 'v=0\r\n']);
  assert.deepEqual(outgoing(run, 'Content-Type', 'Content-Length'), [
    'Content-Type: application/sdp',
    'Content-Length: 5',
  ]);
  const broken = await results([['filter_body', 'text/plain']], multipart, parts.slice(0, 40));
  assert.deepEqual(broken.results, [-1]);
});

test('replies of our own get headers and a body', async () => {
  const lab = await stageLab(`loadmodule "/m/textops.so"
    route { append_to_reply("X-Why: $rm\\r\\n"); append_time(); set_reply_body("busy", "text/plain"); sl_send_reply("486", "Busy"); }`);
  lab.say('INVITE');
  const [reply] = lab.heard();
  assert.deepEqual([reply!.valueNamed('X-Why'), reply!.body, reply!.contentLength], ['INVITE', 'busy', 4]);
  assert.match(reply!.valueNamed('Date')!, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
});

test('an identity that a telephone asserts is taken out by the script, and its wish for privacy is seen', async () => {
  const { run, results: found } = await results(
    [
      ['remove_hf', 'P-Asserted-Identity'],
      ['is_privacy', 'id'],
      ['is_privacy', 'Header'],
      ['is_privacy', 'user'],
    ],
    ['P-Asserted-Identity: <sip:boss@example.com>', 'p-asserted-identity: <tel:+1>', 'Privacy: header;id'],
  );
  assert.deepEqual(found, [1, 1, 1, -1]);
  assert.deepEqual(outgoing(run, 'P-Asserted-Identity', 'p-asserted-identity'), []);
});

test('append_hf: variables stay within their line', async () => {
  const lab = await stageLab(
    `loadmodule "/m/textops.so"
    route { append_hf("X-From: $(hdr(X-Evil){s.decode.hexa})\\r\\n"); append_hf("A: 1\\r\\nB: 2\\r\\n"); t_relay(); }`,
  );
  lab.say('INVITE', [`X-Evil: ${Buffer.from('a\r\nX-Injected: 1').toString('hex')}`]);
  const sent = lab.sentTo(A);
  assert.equal(sent.valueNamed('X-From'), 'a  X-Injected: 1');
  assert.deepEqual([sent.valueNamed('X-Injected'), sent.valueNamed('A'), sent.valueNamed('B')], [undefined, '1', '2']);
});

test('a reply route changes the headers of the reply that goes on', async () => {
  const lab = await stageLab(`loadmodule "/m/textops.so" loadmodule "/m/xlog.so"
    route { t_on_reply("1"); t_relay(); }
    onreply_route[1] { remove_hf("Server"); append_hf("X-Status: $rs $rr\\r\\n"); xlog("L_WARN", "reply $rs from $si"); }`);
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 200, ['Server: secret', 'X-Kept: 1']);
  lab.answer(lab.sentTo(A), 200, ['Server: secret', 'X-Kept: 1']);
  const ok = lab.heard().filter(({ status }) => status === 200);
  assert.equal(ok.length, 1);
  assert.deepEqual(
    ['Server', 'X-Kept', 'X-Status'].map((name) => ok[0]!.valueNamed(name)),
    [undefined, '1', '200 Status200'],
  );
  assert.equal(ok[0]!.viaCount, 1);
  assert.match(lab.complaints[0]!, /^reply 200 from 203\.0\.113\.1/);
});

test('a long text in which each place must be looked for to its end does not hold up the server', async () => {
  const body = `1${'x'.repeat(60_000)}`.replaceAll('xx', '1x');
  const { run, results: found } = await results([['replace_body_all', '1.*z|1', '2']], [], body);
  assert.deepEqual(found, [1]);
  const places = run.edits.body!.split('2').length - 1;
  assert.ok(places > 0 && places < 20, String(places));
  const { run: short } = await results([['replace_body_all', '1.*z|1', '2']], [], body.slice(0, 400));
  assert.equal(short.edits.body!.split('2').length - 1, 100);
});
