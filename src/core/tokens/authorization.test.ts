import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcome, SEED, tokenLab, VALUES } from './lab.ts';

const PIN = 'geheim';

async function hotpLab() {
  const lab = await tokenLab();
  await lab.desk.enrol({ type: 'hmac', serial: 'LSHO1', seed: SEED, pin: PIN, owner: lab.add('hans') }, 'test');
  const detail = async (pass: string) => {
    const verdict = await lab.check('hans', pass);
    return verdict.verdict === 'refused' ? verdict.otp?.detail : verdict.verdict;
  };
  return { ...lab, detail };
}

test('authorize: where a policy names it, one has to be about the user; else no proof is looked at', async () => {
  const lab = await hotpLab();
  lab.policies({ name: 'a', scope: 'authorization', action: 'authorize', client: '198.51.100.0/24' });
  assert.equal(await lab.detail(PIN + VALUES[0]), 'failed due to authorization/authorize policy');
  lab.policies({ name: 'a', scope: 'authorization', action: 'authorize', client: '192.0.2.0/24' });
  assert.equal(await lab.detail(PIN + VALUES[0]), 'proven');
});

test('tokentype and serial: what was right for another token is refused, and used up', async () => {
  const lab = await hotpLab();
  for (const [action, counter, detail] of [
    ['tokentype=sms TOTP', 0, 'failed due to authorization/tokentype policy'],
    ['tokentype=sms HMAC', 1, 'proven'],
    ['tokentype=*', 2, 'proven'],
    ['serial=LSTO', 3, 'failed due to authorization/serial policy'],
    ['serial=LS(HO|TO)', 4, 'proven'],
    ['serial=HO', 5, 'failed due to authorization/serial policy'],
  ] as const) {
    lab.policy(['authorization', action]);
    assert.equal(await lab.detail(PIN + VALUES[counter]), detail, action);
    assert.equal(await lab.detail(PIN + VALUES[counter]), 'wrong otp value', 'used up');
  }
  // Who does not name himself is not asked about, as with LinOTP.
  lab.policy(['authorization', 'tokentype=sms']);
  assert.equal(outcome(await lab.check('', PIN + VALUES[6], { serial: 'LSHO1', bySerial: true })), 'proven');
});

test('a challenge is neither made nor answered where authorize says no', async () => {
  const lab = await tokenLab();
  const owner = lab.add('hans');
  await lab.desk.enrol({ type: 'sms', serial: 'S', seed: SEED, pin: PIN, phone: '1', owner }, 'test');
  const asked = await lab.check('hans', PIN);
  assert.equal(asked.verdict, 'challenge');
  lab.policies({ name: 'a', scope: 'authorization', action: 'authorize', user: 'eve' });
  const { transaction } = asked;
  assert.equal(outcome(await lab.check('hans', VALUES[1], { transaction })), 'wrong-proof');
  lab.time.now += 60_000;
  assert.equal(outcome(await lab.check('hans', PIN)), 'wrong-proof');
  assert.equal(lab.sent.length, 1);
});
