import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareForward } from '../../message/forward.ts';
import { load, outgoing, request, type ScriptCall } from '../lab.ts';
import { nathelper } from './module.ts';

// The sender is 198.51.100.7:5070, and so says the usual Via.
async function results(calls: ScriptCall[], headers: string[] = [], body = '', parameters = {}) {
  const bound = await load(nathelper, { calls, parameters });
  const { run } = request('REGISTER sip:example.com', headers, { body });
  return { run, results: bound.map((call) => call(run)) };
}

test('each test of nat_uac_test finds its sign and no other', async () => {
  const each: ScriptCall[] = [1, 2, 4, 8, 16, 32].map((n) => ['nat_uac_test', String(n)]);
  const none = ['Contact: <sip:a@198.51.100.7:5070>', 'Content-Type: application/sdp'];
  const via = (sent: string) => `Via: SIP/2.0/UDP ${sent};branch=z9hG4bKabc`;
  const cases: [string[], string, number[]][] = [
    [none, 'v=0\r\nc=IN IP4 203.0.113.1\r\n', [-1, -1, -1, -1, -1, -1]],
    [['Contact: <sip:a@10.0.0.1>'], '', [1, -1, -1, -1, -1, 1]],
    [['Contact: <sip:a@172.31.0.1>'], '', [1, -1, -1, -1, -1, 1]],
    [['Contact: <sip:a@172.32.0.1>'], '', [-1, -1, -1, -1, -1, 1]],
    [['Contact: <sip:a@100.64.0.1>'], '', [1, -1, -1, -1, -1, 1]],
    [[via('203.0.113.1:5070')], '', [-1, 1, -1, -1, -1, -1]],
    [[via('192.168.1.1:5070')], '', [-1, 1, 1, -1, -1, -1]],
    [[via('198.51.100.7')], '', [-1, -1, -1, -1, 1, -1]],
    [none, 'v=0\r\nc=IN IP4 192.168.0.1\r\n', [-1, -1, -1, 1, -1, -1]],
  ];
  for (const [headers, body, expected] of cases)
    assert.deepEqual((await results(each, headers, body)).results, expected, `${headers} ${body}`);
  assert.deepEqual((await results([['nat_uac_test', '19']], [via('198.51.100.7')])).results, [1]);
});

test('fix_nated_contact: address and port become the sender\u2019s, all else stays', async () => {
  const { run, results: found } = await results(
    [['fix_nated_contact']],
    [
      'Contact: "B, C" <sip:a@10.0.0.1:5060;transport=udp>;q=0.5 ,\t<sips:b@[2001:db8::1]>',
      'm: <sip:c@10.0.0.2>;expires=60',
    ],
  );
  assert.deepEqual(found, [1]);
  assert.deepEqual(outgoing(run, 'Contact'), [
    'Contact: "B, C" <sip:a@198.51.100.7:5070;transport=udp>;q=0.5, <sips:b@198.51.100.7:5070>',
    'Contact: <sip:c@198.51.100.7:5070>;expires=60',
  ]);
  const tests: ScriptCall[] = [['nat_uac_test', '33'], ['fix_nated_contact'], ['nat_uac_test', '33']];
  assert.deepEqual((await results(tests, ['Contact: <sip:a@10.0.0.1>'])).results, [1, 1, -1]);
  for (const headers of [[], ['Contact: *'], ['Contact: <tel:1>'], ['Contact: <sip:broken']])
    assert.deepEqual((await results([['fix_nated_contact']], headers)).results, [-1], String(headers));
});

test('add_rcv_param tells the registrar behind; fix_nated_register the one here', async () => {
  const { run, results: found } = await results(
    [['add_rcv_param'], ['fix_nated_register']],
    ['Contact: <sip:a@10.0.0.1>;q=1, sip:b@10.0.0.2;expires=60'],
    '',
    { received_avp: '$avp(i:42)' },
  );
  assert.deepEqual(found, [1, 1]);
  const received = ';received="sip:198.51.100.7:5070"';
  assert.deepEqual(outgoing(run, 'Contact'), [
    `Contact: <sip:a@10.0.0.1>;q=1${received}, <sip:b@10.0.0.2>;expires=60${received}`,
  ]);
  assert.equal(run.avps?.first('i:42'), 'sip:198.51.100.7:5070');
  assert.deepEqual((await results([['fix_nated_register']])).results, [-1]);
  assert.deepEqual((await results([['fix_nated_register']], [], '', { received_avp: 42 })).results, [1]);
});

test('fix_nated_sdp changes what its flags name', async () => {
  const sdp = 'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=x\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n';
  const bodyAfter = async (...args: [string, ...string[]]) => {
    const { run, results: found } = await results([['fix_nated_sdp', ...args]], [], sdp);
    assert.deepEqual(found, [1]);
    return prepareForward(run.message, run.edits, run.source, false).split('\r\n\r\n')[1];
  };
  const seen = '198.51.100.7';
  assert.equal(await bodyAfter('2'), sdp.replace('c=IN IP4 10.0.0.1', `c=IN IP4 ${seen}`));
  assert.equal(await bodyAfter('8'), sdp.replace('1 1 IN IP4 10.0.0.1', `1 1 IN IP4 ${seen}`));
  assert.equal(await bodyAfter('5'), `${sdp}a=direction:active\r\na=nortpproxy:yes\r\n`);
  assert.equal(await bodyAfter('10', '2001:db8::7'), sdp.replaceAll('IP4 10.0.0.1', 'IP6 2001:db8::7'));
  assert.deepEqual((await results([['fix_nated_sdp', '2']], [], 'hello')).results, [-1]);
  const check = nathelper.functions.find(({ name }) => name === 'fix_nated_sdp')!.checkArgument!;
  assert.match(check(0, '16', 1)!, /1 to 15/);
  assert.match(check(1, 'host', 2)!, /IP address/);
});
