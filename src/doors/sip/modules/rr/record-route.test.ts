import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParameterValues } from '../../script/types.ts';
import { load, outgoing, request, type ScriptCall, services, TCP, UDP, UDP6 } from '../lab.ts';
import { rr } from './module.ts';

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

test('two headers where the way out is known to differ, the way out on top', async () => {
  const inside = '<sip:192.0.2.13:5060;transport=tcp;r2=on;ftag=ft1;lr>';
  const outside = '<sip:192.0.2.13:5060;r2=on;ftag=ft1;lr>';
  assert.deepEqual((await recorded(elsewhere, {}, TCP)).slice(0, 2), [outside, inside]);
  assert.deepEqual((await recorded(`${elsewhere};transport=TCP`)).slice(0, 2), [inside, outside]);
  assert.deepEqual((await recorded('INVITE sip:b@192.0.2.99', {}, UDP6)).slice(0, 2), [
    outside,
    '<sip:[2001:db8::13]:5060;r2=on;ftag=ft1;lr>',
  ]);
});

test('one header where the way out is the same, is not known, or double RR is off', async () => {
  const tcp = '<sip:192.0.2.13:5060;transport=tcp;ftag=ft1;lr>';
  assert.equal((await recorded(`${elsewhere};transport=tcp`, {}, TCP))[0], tcp);
  assert.equal(
    (await recorded('INVITE sip:b@example.com', {}, TCP))[0],
    tcp,
    'our own user: the contact is not known yet',
  );
  assert.equal((await recorded(elsewhere, { enable_double_rr: 0 }, TCP))[0], tcp);
  assert.equal((await recorded(`${elsewhere};transport=sctp`, {}, TCP))[0], tcp);
});

test('the next hop that was set counts, not the Request-URI', async () => {
  const [call] = await load(rr, { calls: [record] });
  const { run } = request(elsewhere);
  run.destination = 'sip:p1.example.net;transport=tcp;lr';
  call!(run);
  assert.equal(outgoing(run, 'Record-Route').length, 2);
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
  assert.deepEqual(outgoing(run, 'Record-Route'), [
    'Record-Route: <sip:192.0.2.13:5060;r2=on;ftag=ft1;a=1;b=2;c=3;d;lr=on>',
    'Record-Route: <sip:192.0.2.13:5060;transport=tcp;r2=on;ftag=ft1;a=1;b=2;c=3;d;lr=on>',
  ]);
});

test('record_route_preset names what it is told', async () => {
  const [call, again] = await load(rr, { calls: [['record_route_preset', '203.0.113.1:5080'], record] });
  const { run } = request(elsewhere);
  assert.deepEqual([call!(run), again!(run)], [1, -1]);
  assert.deepEqual(outgoing(run, 'Record-Route'), ['Record-Route: <sip:203.0.113.1:5080;ftag=ft1;lr>']);
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

test('with a single socket nothing needs to be found out', async () => {
  const single = services({ transport: { points: [UDP], pointFor: () => assert.fail('asked for a way out') } });
  const [call] = await load(rr, { services: single, calls: [record] });
  assert.equal(call!(request(`${elsewhere};transport=tcp`).run), 1);
});
