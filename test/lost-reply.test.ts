/**
 * A reply that was lost: the telephone repeats its request and must get the same reply, although the nonce count in it is used. A
 * replay is something else: it comes from another place, or later.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EXAMPLE } from './listings.ts';
import { answer, final, header, newBranch, request, type SipClient, sipClient, statusOf } from './sip-client.ts';
import { DOMAIN, LabClock, type SipLab, sipLab } from './sip-lab.ts';

interface Scene {
  readonly lab: SipLab;
  readonly phone: SipClient;
  readonly calls: string[];
}

/** `calls`: the functions of the script, as they run. */
async function scene(t: TestContext): Promise<Scene> {
  const calls: string[] = [];
  const lab = await sipLab(t, {
    script: EXAMPLE,
    preloadedRoute: 'challenge',
    users: { alice: 'wonderland' },
    clock: new LabClock(1_800_000_000_000),
    wrap: (name, call) => (run) => {
      calls.push(name);
      return call(run);
    },
  });
  return { lab, phone: await sipClient(t, lab.udp), calls };
}

/** The second request of an exchange, with credentials and a count that has not been used. */
async function authorised(phone: SipClient, method: string, to: string): Promise<string> {
  const [uri, from] = [method === 'REGISTER' ? `sip:${DOMAIN}` : to, `sip:alice@${DOMAIN}`];
  const headers = [`Contact: <sip:alice@${phone.hostPort}>`];
  const about = { method, uri, from, to, callId: newBranch(), headers };
  const first = { ...about, branch: newBranch() };
  phone.send(request(phone, first));
  const challenge = (await final(phone))!;
  if (method === 'INVITE') phone.send(request(phone, { ...first, method: 'ACK', to: header(challenge, 'To')! }));
  return request(phone, {
    ...about,
    cseq: 2,
    headers: [...headers, answer(challenge, method, uri, 'alice', 'wonderland')],
  });
}

for (const [method, to, status] of [
  ['REGISTER', `sip:alice@${DOMAIN}`, 200],
  ['REGISTER', `sip:bob@${DOMAIN}`, 403],
  ['INVITE', `sip:nobody@${DOMAIN}`, 404],
] as const) {
  test(`the same ${status} again to a repeated ${method}`, async (t) => {
    const { lab, phone, calls } = await scene(t);
    const text = await authorised(phone, method, to);
    phone.send(text);
    const reply = await final(phone);
    assert.equal(statusOf(reply), status);
    calls.length = 0;
    for (let times = 1; times <= 3; times++) {
      lab.advance(1000);
      phone.send(text);
      assert.equal(await phone.receive(), reply);
      assert.equal(lab.read('gatehouse_sip_requests_total', 'answered_again'), times);
    }
    assert.deepEqual(calls, []);
  });
}

test('the same text from another port is a replay', async (t) => {
  const { lab, phone } = await scene(t);
  const text = await authorised(phone, 'REGISTER', `sip:alice@${DOMAIN}`);
  phone.send(text);
  assert.equal(statusOf(await final(phone)), 200);
  const thief = await sipClient(t, lab.udp);
  thief.send(text);
  assert.equal(statusOf(await final(thief)), 401);
  assert.equal(lab.read('gatehouse_sip_requests_total', 'answered_again'), 0);
});

test('the same text later is a replay', async (t) => {
  const { lab, phone } = await scene(t);
  const text = await authorised(phone, 'REGISTER', `sip:alice@${DOMAIN}`);
  phone.send(text);
  assert.equal(statusOf(await final(phone)), 200);
  lab.advance(8500);
  phone.send(text);
  assert.equal(statusOf(await final(phone)), 401);
});

test('the next request with the same branch is another one', async (t) => {
  const { phone } = await scene(t);
  const text = await authorised(phone, 'REGISTER', `sip:alice@${DOMAIN}`);
  phone.send(text);
  assert.equal(statusOf(await final(phone)), 200);
  phone.send(text.replace('CSeq: 2 ', 'CSeq: 3 '));
  assert.equal(statusOf(await final(phone)), 401);
});

test('what was not authorised runs through the script again', async (t) => {
  const { lab, phone, calls } = await scene(t);
  const uri = `sip:${DOMAIN}`;
  const text = request(phone, { method: 'OPTIONS', uri, from: `sip:alice@${DOMAIN}`, to: uri });
  for (let times = 1; times <= 2; times++) {
    phone.send(text);
    assert.equal(statusOf(await phone.receive()), 200);
    assert.equal(calls.filter((name) => name === 'sl_send_reply').length, times);
  }
  assert.equal(lab.read('gatehouse_sip_requests_total', 'answered_again'), 0);
});
