import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParameterValues } from '../../script/types.ts';
import type { ListenPoint } from '../../transport/types.ts';
import { load, outgoing, point, request, type ScriptCall, services, TCP, UDP, UDP6, withDefaults } from '../lab.ts';
import { rr } from './module.ts';

const NO_USES = {
  dialect: 'ser' as const,
  argumentsOf: () => [],
  parametersOf: () => undefined,
  variable: () => undefined,
  avpName: () => undefined,
  placeOf: () => undefined,
};
const record: ScriptCall = ['record_route'];
const elsewhere = 'INVITE sip:b@other.example.net';

async function recorded(start: string, parameters: ParameterValues = {}, from = UDP): Promise<string[]> {
  const [call] = await load(rr, { parameters, calls: [record] });
  const { run } = request(start, ['Record-Route: <sip:p0.example.net;lr>'], { from });
  assert.equal(call!(run), 1);
  return outgoing(run, 'Record-Route').map((line) => line.slice('Record-Route: '.length));
}

test('stands on top of what others have recorded, with the From tag', async () => {
  assert.deepEqual(await recorded(elsewhere), ['<sip:192.0.2.13:5060;ftag=ft1;lr>', '<sip:p0.example.net;lr>']);
});

test('enable_full_lr, append_fromtag and add_username', async () => {
  assert.equal((await recorded(elsewhere, { enable_full_lr: 1 }))[0], '<sip:192.0.2.13:5060;ftag=ft1;lr=on>');
  assert.equal((await recorded(elsewhere, { append_fromtag: 0 }))[0], '<sip:192.0.2.13:5060;lr>');
  assert.equal((await recorded(elsewhere, { add_username: 1 }))[0], '<sip:b@192.0.2.13:5060;ftag=ft1;lr>');
});

test('a second call is refused', async () => {
  const [call] = await load(rr, { calls: [record] });
  const { run } = request(elsewhere);
  assert.deepEqual([call!(run), call!(run)], [1, -1]);
  assert.equal(outgoing(run, 'Record-Route').length, 1);
});

test('a tag that could break out of the URI is left out', async () => {
  const [call] = await load(rr, { calls: [record] });
  const { run } = request(elsewhere, ['From: <sip:a@example.com>;tag="x>,<sip:evil"']);
  call!(run);
  assert.deepEqual(outgoing(run, 'Record-Route'), ['Record-Route: <sip:192.0.2.13:5060;lr>']);
});

/** What it says when the request came in on `inside` and leaves by `outside`. */
async function lines(inside: ListenPoint, outside: ListenPoint, parameters: ParameterValues = {}, secure = false) {
  const [call] = await load(rr, { parameters, calls: [record] });
  const { run } = request(elsewhere, [], { from: inside });
  call!(run);
  return run.recordRoute!.lines(inside, outside, secure).trimEnd().split('\r\n').map(valueIn);
}

test('two headers where the request leaves by another socket, that one on top', async () => {
  const udp = '<sip:192.0.2.13:5060;r2=on;ftag=ft1;lr>';
  const tcp = '<sip:192.0.2.13:5060;transport=tcp;r2=on;ftag=ft1;lr>';
  assert.deepEqual(await lines(TCP, UDP), [udp, tcp]);
  assert.deepEqual(await lines(UDP, TCP), [tcp, udp]);
  assert.deepEqual(await lines(UDP6, UDP), [udp, '<sip:[2001:db8::13]:5060;r2=on;ftag=ft1;lr>']);
  const wss = point('wss', '192.0.2.13', 443);
  assert.deepEqual(await lines(wss, UDP), [udp, '<sip:192.0.2.13:443;transport=ws;r2=on;ftag=ft1;lr>']);
});

test('one header where the way out is the same, or double RR is off', async () => {
  assert.deepEqual(await lines(TCP, TCP), ['<sip:192.0.2.13:5060;transport=tcp;ftag=ft1;lr>']);
  assert.deepEqual(await lines(TCP, UDP, { enable_double_rr: 0 }), ['<sip:192.0.2.13:5060;transport=tcp;ftag=ft1;lr>']);
});

test('sips where the Request-URI is of sips, for the sockets of TLS', async () => {
  const tls = point('tls', '192.0.2.13', 5061);
  assert.deepEqual(await lines(tls, tls, {}, true), ['<sips:192.0.2.13:5061;transport=tls;ftag=ft1;lr>']);
  assert.deepEqual(await lines(UDP, tls, {}, true), [
    '<sips:192.0.2.13:5061;transport=tls;r2=on;ftag=ft1;lr>',
    '<sip:192.0.2.13:5060;r2=on;ftag=ft1;lr>',
  ]);
});

test('record_route and add_rr_param append parameters, before and after', async () => {
  const calls: ScriptCall[] = [
    ['add_rr_param', ';a=1'],
    ['record_route', ';b=2'],
    ['add_rr_param', ';c=3;d'],
  ];
  const bound = await load(rr, { parameters: { enable_full_lr: 1 }, calls });
  const { run } = request(elsewhere, [], { from: TCP });
  assert.deepEqual(
    bound.map((call) => call(run)),
    [1, 1, 1],
  );
  const made = run.recordRoute!.lines(TCP, UDP, false);
  assert.deepEqual(made.trimEnd().split('\r\n').map(valueIn), [
    '<sip:192.0.2.13:5060;r2=on;ftag=ft1;a=1;b=2;c=3;d;lr=on>',
    '<sip:192.0.2.13:5060;transport=tcp;r2=on;ftag=ft1;a=1;b=2;c=3;d;lr=on>',
  ]);
});

test('add_rr_param alone records nothing', async () => {
  const [call] = await load(rr, { calls: [['add_rr_param', ';a=1']] });
  const { run } = request(elsewhere);
  assert.equal(call!(run), 1);
  assert.deepEqual(outgoing(run, 'Record-Route'), []);
});

test('parameters with variables are checked for each message: none can break out of the URI', () => {
  const built = rr.build(withDefaults(rr), services(), NO_USES);
  const made = (text: string) => {
    const { run } = request(elsewhere);
    const calls = [built.texts!.record_route!(), built.texts!.add_rr_param!({ constant: undefined, read: () => text })];
    return [calls.map((call) => call(run)), outgoing(run, 'Record-Route').map(valueIn)];
  };
  assert.deepEqual(made(';nat=yes'), [[1, 1], ['<sip:192.0.2.13:5060;ftag=ft1;nat=yes;lr>']]);
  for (const bad of ['', 'x', ';a>, <sip:evil', ';a\r\nX: y', ';a,b']) {
    assert.deepEqual(made(bad), [[1, -1], ['<sip:192.0.2.13:5060;ftag=ft1;lr>']], bad);
  }
});

test('record_route_preset names what it is told', async () => {
  const [call, again] = await load(rr, { calls: [['record_route_preset', '203.0.113.1:5080'], record] });
  const { run } = request(elsewhere);
  assert.deepEqual([call!(run), again!(run)], [1, -1]);
  assert.deepEqual(outgoing(run, 'Record-Route'), ['Record-Route: <sip:203.0.113.1:5080;ftag=ft1;lr>']);
});

test('record_route_preset takes what add_rr_param said, before and after, and is one header whatever the way out', async () => {
  const calls: ScriptCall[] = [
    ['add_rr_param', ';a=1'],
    ['record_route_preset', '203.0.113.1:5080'],
    ['add_rr_param', ';b=2'],
  ];
  const bound = await load(rr, { calls });
  const { run } = request(elsewhere);
  for (const call of bound) assert.equal(call(run), 1);
  const made = run.recordRoute!.lines(UDP, TCP, false);
  assert.equal(made, 'Record-Route: <sip:203.0.113.1:5080;ftag=ft1;a=1;b=2;lr>\r\n');
});

test('check_route_param and is_direction read what came back in our Route', async () => {
  const calls: ScriptCall[] = [
    ['loose_route'],
    ['check_route_param', ';nat=(yes|on)'],
    ['is_direction', 'downstream'],
    ['is_direction', 'upstream'],
  ];
  const bound = await load(rr, { calls });
  const results = (uri: string, route: string) => {
    const { run } = request(`BYE ${uri}`, ['To: <sip:b@example.com>;tag=tt', `Route: ${route}`]);
    return bound.map((call) => call(run));
  };
  const remote = 'sip:b@203.0.113.9';
  assert.deepEqual(results(remote, '<sip:192.0.2.13;ftag=ft1;NAT=yes;lr>'), [1, 1, 1, -1]);
  assert.deepEqual(results(remote, '<sip:192.0.2.13;ftag=other;lr>'), [1, -1, -1, 1]);
  assert.deepEqual(results(remote, '<sip:192.0.2.13;lr>'), [1, -1, 1, -1], 'without ftag: downstream');
  assert.deepEqual(results(remote, '<sip:p1.example.net;nat=yes;lr>'), [1, -1, 1, -1], 'not our Route');
  assert.deepEqual(
    results('sip:192.0.2.13;ftag=other;nat=on', `<${remote}>`),
    [1, 1, -1, 1],
    'a strict router before us',
  );
});

test('arguments are checked at load', () => {
  const complaint = (name: string, text: string) => rr.functions.find((f) => f.name === name)!.checkArgument!(0, text);
  assert.match(complaint('record_route', 'nat=yes')!, /;name=value/);
  assert.match(complaint('add_rr_param', ';a>')!, /;name=value/);
  assert.match(complaint('record_route_preset', 'a b')!, /address:port/);
  assert.equal(complaint('record_route_preset', '[2001:db8::1]:5060'), undefined);
  assert.match(complaint('check_route_param', '(')!, /regular expression/);
  assert.match(complaint('is_direction', 'sideways')!, /upstream/);
});

function valueIn(line: string): string {
  return line.slice('Record-Route: '.length);
}
