import assert from 'node:assert/strict';
import { test } from 'node:test';
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
