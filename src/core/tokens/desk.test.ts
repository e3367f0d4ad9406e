import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp } from './hotp.ts';
import { outcome, person, SEED, tokenLab, VALUES } from './lab.ts';
import type { EnrolRequest, TokenChange } from './types.ts';

const BY = 'admin joe from 192.0.2.1';
const PIN = 'geheim';

test('serials are made by type, and a new token is as the configuration says', async () => {
  const lab = await tokenLab();
  await lab.config.set(
    { DefaultMaxFailCount: '5', DefaultCountWindow: '3', DefaultSyncWindow: '77', DefaultOtpLen: '8' },
    BY,
  );
  for (const [type, form] of [
    ['sms', /^LSSM[0-9A-F]{8}$/],
    ['hmac', /^LSHO[0-9A-F]{8}$/],
    ['totp', /^LSTO[0-9A-F]{8}$/],
  ] as const) {
    const made = await lab.desk.enrol({ type, phone: '1' }, BY);
    assert.match(made.serial, form);
    assert.equal(made.seed === undefined, type === 'sms');
    const { maxFailCount, countWindow, syncWindow, otpLength, counter, owner } = (await lab.desk.show(made.serial))!;
    assert.deepEqual([maxFailCount, countWindow, syncWindow, otpLength, counter, owner], [5, 3, 77, 8, 0, null]);
  }
});

test('a seed that was made here is the one that the token works with', async () => {
  const lab = await tokenLab();
  const { serial, seed, uri } = await lab.desk.enrol({ type: 'hmac', owner: lab.add('hans'), hash: 'sha512' }, BY);
  assert.equal(seed?.length, 128);
  assert.match(
    uri!,
    new RegExp(`^otpauth://hotp/Gatehouse%3A${serial}\\?secret=[A-Z2-7]{103}&.*&algorithm=SHA512&digits=6&counter=0$`),
  );
  assert.equal(outcome(await lab.check('hans', hotp(Buffer.from(seed!, 'hex'), 0, 6, 'sha512'))), 'proven');
});

test('a serial that is there is made anew: another owner, another seed, no PIN of before, no open challenge', async () => {
  const lab = await tokenLab();
  const phone = '+491701234567';
  await lab.desk.enrol({ type: 'sms', serial: 'S1', seed: SEED, pin: PIN, phone, owner: lab.add('hans') }, BY);
  const challenge = await lab.check('hans', PIN);
  assert.equal(challenge.verdict, 'challenge');
  const again = await lab.desk.enrol({ type: 'sms', serial: 'S1', phone, owner: lab.add('eve') }, BY);
  assert.deepEqual(again, { serial: 'S1', replaced: true });
  assert.deepEqual(await lab.desk.ofOwner(person('hans')), []);
  assert.equal(outcome(await lab.check('', VALUES[1], { transaction: challenge.transaction })), 'wrong-proof');
  const made = lab.journal.lines.filter(({ event }) => event === 'admin');
  assert.deepEqual(
    made.map(({ action, serial, user, by }) => [action, serial, user, by]),
    [
      ['enrol-token', 'S1', 'hans', BY],
      ['reinit-token', 'S1', 'eve', BY],
    ],
  );
});

test('a policy keeps a token from being made anew', async () => {
  const lab = await tokenLab();
  lab.policy(['enrollment', 'refuse_existing_serial']);
  await lab.desk.enrol({ type: 'hmac', serial: 'H1', seed: SEED, owner: lab.add('hans') }, BY);
  await assert.rejects(lab.desk.enrol({ type: 'hmac', serial: 'H1' }, BY), { code: 'TOKEN_EXISTS' });
  assert.equal(outcome(await lab.check('hans', VALUES[0])), 'proven');
});

for (const [field, request] of [
  ['serial', { serial: 'a b' }],
  ['serial', { serial: '' }],
  ['phone', { type: 'sms' }],
  ['phone', { phone: '1'.repeat(65) }],
  ['phone', { phone: '1\r\nBcc: x' }],
  ['seed', { seed: 'abc' }],
  ['seed', { seed: 'ff'.repeat(9) }],
  ['keySize', { keySize: 9 }],
  ['otpLength', { otpLength: 7 }],
  ['hash', { hash: 'md5' }],
  ['type', { type: 'motp' }],
  ['description', { description: 'x'.repeat(251) }],
  ['pin', { pin: 'x'.repeat(257) }],
  ['timeStep', { timeStep: 0 }],
  ['realms', { realms: ['a,b'] }],
] as [string, object][]) {
  test(`enrolment: ${field} as ${JSON.stringify(request).slice(0, 40)} is refused`, async () => {
    const { desk } = await tokenLab();
    const asked = { type: 'hmac', ...request } as EnrolRequest;
    await assert.rejects(desk.enrol(asked, BY), (error: { code: string; message: string }) => {
      assert.deepEqual([error.code, error.message.split(':')[0]], ['TOKEN_INVALID', field]);
      return true;
    });
    assert.equal((await desk.list({})).total, 0);
  });
}

for (const change of [
  { maxFailCount: -1 },
  { countWindow: 0 },
  { countWindow: 1001 },
  { syncWindow: 1.5 },
  { timeWindow: Number.NaN },
  { validFrom: 1e18 },
] as TokenChange[]) {
  test(`set: ${JSON.stringify(change)} is refused`, async () => {
    const { desk } = await tokenLab();
    const { serial } = await desk.enrol({ type: 'hmac' }, BY);
    assert.throws(() => void desk.set({ serial }, change, BY), { code: 'TOKEN_INVALID' });
  });
}

test('a token of somebody is given to nobody else before it is taken from him; taken, its PIN is gone', async () => {
  const lab = await tokenLab();
  const [hans, eve] = [lab.add('hans'), lab.add('eve')];
  await lab.desk.enrol({ type: 'hmac', serial: 'H1', seed: SEED, pin: PIN, owner: hans }, BY);
  await assert.rejects(lab.desk.assign('H1', eve, BY), { code: 'TOKEN_TAKEN' });
  assert.equal(await lab.desk.assign('H1', hans, BY), 1);
  assert.equal(await lab.desk.unassign({ owner: hans }, BY), 1);
  assert.equal(await lab.desk.unassign({ serial: 'H1' }, BY), 0);
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'wrong-proof');
  assert.equal(outcome(await lab.check('', VALUES[0], { serial: 'H1' })), 'proven');
  assert.equal(await lab.desk.assign('H1', eve, BY, 'new'), 1);
  assert.equal(outcome(await lab.check('eve', `new${VALUES[1]}`)), 'proven');
});

test('a choice by owner changes all of his, one by serial and owner only if it is his', async () => {
  const lab = await tokenLab();
  const [hans, eve] = [lab.add('hans'), lab.add('eve')];
  for (const serial of ['A', 'B']) await lab.desk.enrol({ type: 'hmac', serial, owner: hans }, BY);
  assert.equal(await lab.desk.disable({ owner: hans }, BY), 2);
  await assert.rejects(lab.desk.enable({ serial: 'A', owner: eve }, BY), { code: 'TOKEN_UNKNOWN' });
  await assert.rejects(lab.desk.enable({ serial: 'C' }, BY), { code: 'TOKEN_UNKNOWN' });
  assert.equal(await lab.desk.enable({}, BY), 0);
  assert.equal(await lab.desk.remove({ owner: hans }, BY), 2);
  assert.equal((await lab.desk.list({})).total, 0);
});

test('resync of totp moves its clock', async () => {
  const lab = await tokenLab();
  await lab.desk.enrol({ type: 'totp', serial: 'T1', seed: SEED, owner: lab.add('hans') }, BY);
  const step = Math.floor(lab.time.now / 30_000) + 500;
  const at = (counter: number) => hotp(Buffer.from(SEED, 'hex'), counter, 6, 'sha1');
  assert.equal(await lab.desk.resync('T1', at(step), at(step), BY), false);
  assert.equal(await lab.desk.resync('T1', at(step), at(step + 1), BY), true);
  assert.equal((await lab.desk.show('T1'))!.timeShift, 501 * 30);
  assert.equal(outcome(await lab.check('hans', at(step + 1))), 'wrong-proof', 'both are used up');
  assert.equal(outcome(await lab.check('hans', at(step + 2))), 'proven');
});

test('system configuration: durable, with what a new installation has behind it', async () => {
  const lab = await tokenLab();
  assert.equal(lab.config.get('SMSProviderTimeout'), '120');
  assert.equal(lab.config.get('nothing'), undefined);
  await lab.config.set({ SMSProviderTimeout: '77', own: 'x' }, BY);
  const again = await tokenLab({ rows: lab.rows });
  assert.deepEqual([again.config.get('SMSProviderTimeout'), again.config.all().own], ['77', 'x']);
  assert.equal(await again.config.remove('SMSProviderTimeout', BY), true);
  assert.equal(await again.config.remove('SMSProviderTimeout', BY), false);
  assert.equal(again.config.get('SMSProviderTimeout'), '120');
  await assert.rejects(again.config.set({ 'a b': '1' }, BY), { code: 'SYSTEM_CONFIG' });
  again.journal.isAway = true;
  await assert.rejects(again.config.set({ own: 'y' }, BY), { code: 'STORAGE_UNAVAILABLE' });
  assert.equal(again.config.get('own'), 'x');
});
