import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { FAKE_KEYRING } from '../tokens/fake.ts';
import { outcome, SEED, tokenLab, VALUES } from '../tokens/lab.ts';
import { Pins } from '../tokens/pins.ts';
import { EncKey } from './enc-key.ts';
import { encrypted, linotpRow } from './lab.ts';
import { tokenOfLinotp } from './tokens.ts';

const FILE = randomBytes(96);
const KEY = new EncKey(FILE);
const NO_NAMES = new Map<string, string>();

test('values of any length, filled up as LinOTP 2 and as LinOTP 3 do', () => {
  for (const old of [false, true]) {
    for (let length = 0; length < 40; length++) {
      const { iv, data } = encrypted(FILE, 'x'.repeat(length), old);
      assert.equal(KEY.open(iv, data).toString(), 'x'.repeat(length));
    }
  }
});

test('the file of another server, and values that are none, are refused', () => {
  assert.throws(() => new EncKey(Buffer.alloc(31)), { code: 'LINOTP_KEY' });
  const { iv, data } = encrypted(FILE, SEED);
  const others = Array.from({ length: 20 }, () => new EncKey(randomBytes(96)));
  for (const other of others) assert.throws(() => other.open(iv, data), { code: 'LINOTP_VALUE' });
  for (const [oddIv, oddData] of [
    ['', data],
    [iv, ''],
    [iv, data.slice(0, -2)],
    [iv, 'zz'],
  ] as const)
    assert.throws(() => KEY.open(oddIv, oddData), { code: 'LINOTP_VALUE' });
});

test('a token with all that LinOTP knows of it', () => {
  const info = {
    ...{ phone: '+49170', hashlib: 'sha256', timeStep: '60', timeWindow: 300, timeShift: -30, count_auth: '3' },
    ...{ count_auth_max: 9, count_auth_success: 2, count_auth_success_max: 8 },
    ...{ validity_period_start: '01/02/26 03:04', validity_period_end: '31/12/27 23:59' },
  };
  const row = linotpRow(
    FILE,
    { seed: SEED, pin: 'geheim', encryptPin: true, old: true },
    {
      ...{
        LinOtpTokenSerialnumber: 'LSTO1',
        LinOtpTokenType: 'TOTP',
        LinOtpTokenDesc: 'key ring',
        LinOtpUserid: '1001',
      },
      ...{ LinOtpIdResClass: 'useridresolver.PasswdIdResolver.IdResolver.myDefRes', LinOtpIsactive: 'false' },
      ...{ LinOtpTokenInfo: JSON.stringify(info), LinOtpOtpLen: '8', LinOtpMaxFail: '5', LinOtpFailCount: '2' },
      ...{ LinOtpCount: '57', LinOtpCountWindow: '11', LinOtpSyncWindow: '999' },
    },
    ['Staff', 'house'],
  );
  assert.deepEqual(tokenOfLinotp(row, KEY, new Map([['myDefRes', 'people']])), {
    ...{ serial: 'LSTO1', type: 'totp', description: 'key ring', phone: '+49170', seed: SEED, pin: 'geheim' },
    ...{ owner: { source: 'people', id: '1001' }, realms: ['staff', 'house'], hash: 'sha256', active: false },
    ...{ otpLength: 8, maxFailCount: 5, failCount: 2, counter: 57, countWindow: 11, syncWindow: 999 },
    ...{ timeStep: 60, timeWindow: 300, timeShift: -30, countAuth: 3, countAuthMax: 9 },
    ...{ countAuthSuccess: 2, countAuthSuccessMax: 8 },
    validFrom: new Date(2026, 1, 1, 3, 4).getTime(),
    validUntil: new Date(2027, 11, 31, 23, 59).getTime(),
  });
});

test('what is of no kind that is known here, or broken, is told', () => {
  const token = { seed: SEED, pin: '' };
  for (const given of [
    { LinOtpTokenType: 'yubikey' },
    { LinOtpTokenType: 'constructor' },
    { LinOtpTokenInfo: '{' },
    { LinOtpTokenInfo: '{"hashlib": "md5"}' },
    { LinOtpTokenInfo: '{"validity_period_end": "soon"}' },
  ])
    assert.throws(() => tokenOfLinotp(linotpRow(FILE, token, given), KEY, NO_NAMES), { code: 'LINOTP_TOKEN' });
  assert.throws(() => tokenOfLinotp(linotpRow(FILE, { seed: 'no hex', pin: '' }, {}), KEY, NO_NAMES), {
    code: 'LINOTP_TOKEN',
  });
});

test('a token that was brought goes on where it was, with the PIN that LinOTP had a hash of', async () => {
  const lab = await tokenLab();
  const owner = lab.add('hans');
  for (const [serial, pin] of [
    ['WITH', 'geheim'],
    ['WITHOUT', ''],
  ] as const) {
    const row = linotpRow(FILE, { seed: SEED, pin }, { LinOtpTokenSerialnumber: serial, LinOtpCount: '3' });
    const token = tokenOfLinotp(row, KEY, NO_NAMES);
    assert.equal(await lab.desk.bring(token, serial === 'WITH' ? owner : undefined, 'test'), true);
    assert.equal(await lab.desk.bring({ ...token, counter: 0 }, undefined, 'test'), false);
    assert.equal((await lab.desk.show(serial))?.counter, 3);
  }
  assert.equal(outcome(await lab.check('hans', `geheim${VALUES[2]}`)), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', `Geheim${VALUES[3]}`)), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', `geheim${VALUES[3]}`)), 'proven');
  assert.equal(outcome(await lab.check('hans', `geheim${VALUES[3]}`)), 'wrong-proof');
});

test('such a PIN can be copied to another token, and on', () => {
  const pins = new Pins(FAKE_KEYRING);
  const row = linotpRow(FILE, { seed: SEED, pin: 'ä geheim' }, { LinOtpTokenSerialnumber: 'A' });
  const { pinHash } = tokenOfLinotp(row, KEY, NO_NAMES);
  const kept = pins.keepLinotp(Buffer.from(pinHash!.hash, 'hex'), Buffer.from(pinHash!.salt, 'hex'), 'A');
  const second = pins.copy(kept, 'A', 'B')!;
  const third = pins.copy(second, 'B', 'C')!;
  for (const [serial, one] of [
    ['A', kept],
    ['B', second],
    ['C', third],
  ] as const) {
    assert.ok(pins.matches('ä geheim', serial, one));
    assert.ok(!pins.matches('geheim', serial, one) && !pins.matches('ä geheim', 'X', one));
  }
});
