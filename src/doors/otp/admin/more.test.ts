import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp } from '../../../core/tokens/hotp.ts';
import { outcome, SEED, VALUES } from '../../../core/tokens/lab.ts';
import { otpLab, resultOf } from '../lab.ts';

const OTHER = Buffer.from('another seed of twenty').toString('hex');

async function lab() {
  const { stock, call, time } = await otpLab();
  stock.add('hans', 'secret', { attributes: { mobile: '+491701234567' } });
  stock.add('anna');
  const ask = async (path: string, fields: Record<string, string>) => {
    const { result } = resultOf(await call(`/admin/${path}`, fields)) as {
      result: { value?: unknown; error?: { code: number; message: string } };
    };
    await stock.journal.drain();
    return result.error ?? result.value;
  };
  await ask('init', { type: 'hmac', user: 'hans', serial: 'H1', otpkey: SEED, pin: 'geheim' });
  return { stock, ask, time };
}

test('getSerialByOtp: of those that are asked about, and nothing is used up', async () => {
  const { stock, ask } = await lab();
  await ask('init', { type: 'hmac', serial: 'H2', otpkey: OTHER });
  const nobody = { success: false, serial: '', user_login: '', user_resolver: '' };
  const hans = { success: true, serial: 'H1', user_login: 'hans', user_resolver: 'local' };
  assert.deepEqual(await ask('getSerialByOtp', { otp: VALUES[3] }), hans);
  assert.deepEqual(await ask('getSerialByOtp', { otp: VALUES[3], type: 'hmac', assigned: '1' }), hans);
  assert.deepEqual(await ask('getSerialByOtp', { otp: VALUES[3], assigned: '0' }), nobody);
  assert.deepEqual(await ask('getSerialByOtp', { otp: VALUES[3], realm: 'other' }), nobody);
  const value = hotp(Buffer.from(OTHER, 'hex'), 0, 6, 'sha1');
  assert.deepEqual(await ask('getSerialByOtp', { otp: value }), { ...nobody, success: true, serial: 'H2' });
  assert.equal(outcome(await stock.check('hans', `geheim${VALUES[0]}`)), 'proven');
  await ask('init', { type: 'hmac', serial: 'H3', otpkey: SEED });
  assert.match(((await ask('getSerialByOtp', { otp: VALUES[3] })) as { message: string }).message, /fits 2 tokens/);
});

test('copyTokenPin: the same PIN, unknown to whoever copies it, and again from the copy', async () => {
  const { stock, ask } = await lab();
  for (const [serial, otpkey] of [
    ['H2', OTHER],
    ['H3', SEED],
  ] as const)
    await ask('init', { type: 'hmac', user: 'anna', serial, otpkey, pin: 'another' });
  assert.equal(await ask('copyTokenPin', { from: 'H1', to: 'H2' }), true);
  assert.equal(await ask('copyTokenPin', { from: 'H2', to: 'H3' }), true);
  for (const key of [OTHER, SEED]) {
    const value = hotp(Buffer.from(key, 'hex'), 0, 6, 'sha1');
    assert.equal(outcome(await stock.check('anna', `another${value}`)), 'wrong-proof');
    assert.equal(outcome(await stock.check('anna', `geheim${value}`)), 'proven');
  }
  assert.equal(((await ask('copyTokenPin', { from: 'H1', to: 'none' })) as { code: number }).code, 1102);
});

test('losttoken: codes by SMS in its place for some days, with its PIN', async () => {
  const { stock, ask, time } = await lab();
  const made = (await ask('losttoken', { serial: 'H1' })) as Record<string, unknown>;
  assert.match(String(made.end_date), /^\d\d\/\d\d\/26 23:59$/);
  assert.deepEqual(
    { ...made, end_date: '' },
    {
      ...{ serial: 'lostH1', end_date: '', init: true, setPin: 1, user: true, disable: 1 },
    },
  );
  assert.equal(outcome(await stock.check('hans', `geheim${VALUES[0]}`)), 'wrong-proof');
  assert.equal(outcome(await stock.check('hans', 'geheim')), 'challenge');
  assert.equal(stock.sent[0]?.number, '+491701234567');
  time.now += 12 * 86_400_000;
  assert.equal(outcome(await stock.check('hans', 'geheim')), 'wrong-proof');
  await ask('init', { type: 'hmac', user: 'anna', serial: 'H2', otpkey: OTHER });
  const refused = (await ask('losttoken', { serial: 'H2' })) as { code: number; message: string };
  assert.equal(refused.code, 1205);
  assert.match(refused.message, /no mobile number/);
});

test('loadtokens: all lines or none; a line with a fault is named, not shown', async () => {
  const { stock, ask } = await lab();
  const lines = ['# made 2026', `A1, ${OTHER}`, '', `A2,${OTHER},totp,8,60\r`, `A3,${OTHER},HOTP,6`];
  const file = lines.join('\n');
  assert.deepEqual(await ask('loadtokens', { type: 'oathcsv', file, realm: 'Staff' }), { value: true, imported: 3 });
  const { type, otpLength, timeStep, realms, owner } = (await stock.desk.show('A2'))!;
  assert.deepEqual([type, otpLength, timeStep, realms, owner], ['totp', 8, 60, ['staff'], null]);
  for (const [line, message] of [
    [`B2,${OTHER}0`, 'line 2: a seed of 10 to 128 bytes in hex was expected'],
    [`B2,${OTHER},motp`, 'line 2: hotp or totp was expected'],
    [`B 2,${OTHER}`, 'line 2: a serial was expected'],
    [`B2,${OTHER},hotp,7`, 'line 2: 6 or 8 digits was expected'],
  ]) {
    const refused = (await ask('loadtokens', { type: 'oathcsv', file: `B1,${OTHER}\n${line}` })) as { message: string };
    assert.equal(refused.message, message);
  }
  assert.equal(await stock.desk.show('B1'), undefined);
  assert.match(((await ask('loadtokens', { type: 'pskc', file })) as { message: string }).message, /oathcsv/);
});
