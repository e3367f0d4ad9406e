import assert from 'node:assert/strict';
import { test } from 'node:test';
import { person, SEED, tokenLab } from './lab.ts';
import type { TokenType } from './types.ts';

const BY = 'test';

test('maxtoken and maxtokenSMS: as many as the policy says, of a person, at enrolment and assignment', async () => {
  const lab = await tokenLab();
  lab.policy(['enrollment', 'maxtoken=3, maxtokenSMS=1']);
  const owner = lab.add('hans');
  const enrol = (type: TokenType, serial: string, whose: typeof owner | undefined = owner) =>
    lab.desk.enrol({ type, serial, seed: SEED, phone: '1', ...(whose ? { owner: whose } : {}) }, BY);
  await enrol('sms', 'S1');
  await assert.rejects(enrol('sms', 'S2'), {
    code: 'TOKEN_LIMIT',
    message: /hans has 1 tokens.*p0 says maxtokenSMS=1/,
  });
  // Made anew it is none more.
  await enrol('sms', 'S1');
  await enrol('hmac', 'H1');
  await enrol('totp', 'T1');
  await assert.rejects(enrol('totp', 'T2'), { code: 'TOKEN_LIMIT', message: /maxtoken=3/ });
  await lab.desk.enrol({ type: 'totp', serial: 'T2', seed: SEED }, BY);
  await assert.rejects(lab.desk.assign('T2', owner, BY), { code: 'TOKEN_LIMIT' });
  await lab.desk.remove({ serial: 'T1' }, BY);
  assert.equal(await lab.desk.assign('T2', owner, BY), 1);
  assert.equal(await lab.desk.assign('T2', owner, BY), 1);
  await enrol('sms', 'S3', lab.add('eve'));
});

test('tokencount: of a realm', async () => {
  const lab = await tokenLab();
  lab.policy(['enrollment', 'tokencount=2']);
  const enrol = (serial: string, realm: string) =>
    lab.desk.enrol({ type: 'hmac', serial, seed: SEED, realms: [realm] }, BY);
  await enrol('A', 'staff');
  await enrol('B', 'staff');
  await lab.journal.drain();
  await assert.rejects(enrol('C', 'staff'), { code: 'TOKEN_LIMIT', message: /realm staff has 2 tokens/ });
  await enrol('B', 'staff');
  await enrol('C', 'guests');
});

test('otp_pin_random: a PIN of that length, of the characters that are named', async () => {
  const lab = await tokenLab();
  const hans = person('hans');
  assert.equal(lab.desk.randomPin(hans), undefined);
  for (const [action, form] of [
    ['otp_pin_random=12', /^[A-Za-z0-9]{12}$/],
    ['otp_pin_random=8, otp_pin_random_content=n', /^[0-9]{8}$/],
    ['otp_pin_random=20, otp_pin_random_content=Cs', /^[A-Z#&(){}!%?*+_-]{20}$/],
    ['otp_pin_random=999', /^.{64}$/],
  ] as const) {
    lab.policy(['enrollment', action]);
    const pins = [lab.desk.randomPin(hans), lab.desk.randomPin(undefined)];
    for (const pin of pins) assert.match(pin!, form);
    assert.notEqual(pins[0], pins[1]);
  }
});
