import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEED, VALUES } from '../../../core/tokens/lab.ts';
import { otpLab, resultOf } from '../lab.ts';

const HANS = { type: 'sms', user: 'hans', phone: '+491701234567', pin: 'geheim', serial: 'LSSM0001', otpkey: SEED };

async function lab() {
  const { stock, call, administration } = await otpLab();
  stock.add('hans');
  stock.add('anna');
  const ask = async (path: string, fields: Record<string, string> = {}) =>
    resultOf(await call(`/admin/${path}`, fields));
  const value = async (path: string, fields: Record<string, string> = {}) => {
    const { result } = (await ask(path, fields)) as { result: { status: boolean; value: unknown } };
    assert.equal(result.status, true, JSON.stringify(result));
    return result.value;
  };
  const error = async (path: string, fields: Record<string, string> = {}) => {
    const { result } = (await ask(path, fields)) as { result: { error: { code: number; message: string } } };
    return result.error;
  };
  return { stock, administration, call, ask, value, error };
}

test('init: a token by its serial, one that gets a serial, and one whose seed is shown once', async () => {
  const { ask, stock } = await lab();
  assert.deepEqual(await ask('init', HANS), { result: { status: true, value: true }, detail: { serial: 'LSSM0001' } });
  const own = (await ask('init', { type: 'sms', phone: '1' })).detail as { serial: string };
  assert.match(own.serial, /^LSSM[0-9A-F]{8}$/);
  const { detail } = await ask('init', {
    type: 'totp',
    genkey: '1',
    user: 'hans',
    hashlib: 'SHA256',
    otplen: '8',
    description: 'd',
  });
  const { serial, otpkey, googleurl } = detail as {
    serial: string;
    otpkey: { value: string };
    googleurl: { value: string };
  };
  assert.match(otpkey.value, /^seed:\/\/[0-9a-f]{64}$/);
  assert.match(googleurl.value, /^otpauth:\/\/totp\//);
  const view = await stock.desk.show(serial);
  assert.deepEqual([view?.hash, view?.otpLength, view?.description, view?.owner?.login], ['sha256', 8, 'd', 'hans']);
});

test('init: what is missing or not known is told by its number', async () => {
  const { error } = await lab();
  assert.deepEqual(await error('init', { type: 'sms', user: 'hans' }), {
    code: 905,
    message: "Missing parameter: 'phone'",
  });
  assert.deepEqual(await error('init', { type: 'hmac' }), { code: 905, message: "Missing parameter: 'otpkey'" });
  assert.equal((await error('init', { type: 'constructor', phone: '1' })).code, 1610);
  assert.equal((await error('init', { ...HANS, user: 'nobody' })).code, 1205);
  assert.equal((await error('init', { ...HANS, hashlib: 'md5' })).code, 905);
  assert.equal((await error('init', { ...HANS, otplen: 'x' })).code, 905);
});

test('init: a token that is there is made anew, unless a policy refuses it', async () => {
  const { value, error, stock } = await lab();
  await value('init', HANS);
  await value('init', { ...HANS, user: 'anna' });
  assert.equal((await stock.desk.show('LSSM0001'))?.owner?.login, 'anna');
  stock.policy(['enrollment', 'refuse_existing_serial']);
  assert.match((await error('init', HANS)).message, /a token LSSM0001, and a policy keeps it/);
});

test('show: the columns of LinOTP, its pages, and CSV', async () => {
  const { call, value } = await lab();
  await value('init', HANS);
  await value('init', { ...HANS, serial: 'LSSM0002', user: 'anna' });
  const { data, resultset } = (await value('show', { sortby: 'TokenSerialnumber', pagesize: '1' })) as {
    data: Record<string, unknown>[];
    resultset: object;
  };
  assert.deepEqual(Object.keys(resultset), ['pages', 'pagesize', 'tokens', 'page']);
  const shown = data[0]!;
  assert.equal(shown['LinOtp.TokenInfo'], '{"phone":"+491701234567","hashlib":"sha1"}');
  assert.deepEqual(
    ['LinOtp.TokenSerialnumber', 'LinOtp.TokenType', 'LinOtp.Isactive', 'LinOtp.MaxFail', 'User.username'].map(
      (name) => shown[name],
    ),
    ['LSSM0001', 'sms', true, 10, 'hans'],
  );
  assert.ok(!JSON.stringify(data).includes(SEED));
  const csv = await call('/admin/show', { outform: 'csv' }, 'GET');
  assert.equal(csv.type, 'text/csv; charset=utf-8');
  assert.match(csv.body.split('\n')[0]!, /^"LinOtp\.TokenId","LinOtp\.TokenSerialnumber",/);
});

test('set counts for each property; enable, disable, reset, unassign, assign, remove count tokens', async () => {
  const { value, error, stock } = await lab();
  await value('init', HANS);
  const serial = 'LSSM0001';
  const change = {
    serial,
    pin: 'neu',
    MaxFailCount: '5',
    hashlib: 'sha1',
    timeShift: '-3',
    validityPeriodEnd: '22/11/30 10:30',
  };
  assert.deepEqual(await value('set', change), {
    'set pin': 1,
    'set MaxFailCount': 1,
    'set hashlib': 1,
    'set timeShift': 1,
    'set validityPeriodEnd': 1,
  });
  assert.equal((await stock.desk.show(serial))?.validUntil, new Date(2030, 10, 22, 10, 30).getTime());
  const bads: Record<string, string>[] = [{}, { MaxFailCount: '' }, { validityPeriodEnd: 'soon' }, { timeShift: 'x' }];
  for (const bad of bads) assert.equal((await error('set', { serial, ...bad })).code, 905);
  assert.equal(await value('disable', { serial }), 1);
  assert.equal((await stock.desk.show(serial))?.active, false);
  assert.equal(await value('enable', { user: 'hans' }), 1);
  assert.equal(await value('reset', { serial }), 1);
  assert.equal(await value('tokenrealm', { serial, realms: 'one, Two' }), 1);
  assert.deepEqual((await stock.desk.show(serial))?.realms, ['one', 'two']);
  assert.equal(await value('unassign', { serial }), 1);
  assert.deepEqual(await value('getTokenOwner', { serial }), {});
  assert.equal(await value('assign', { serial, user: 'anna', pin: 'x' }), 1);
  assert.match((await error('assign', { serial, user: 'hans' })).message, /anna/);
  assert.deepEqual(await value('getTokenOwner', { serial }), {
    username: 'anna',
    userid: 'anna',
    useridresolver: 'local',
  });
  assert.deepEqual(await value('check_serial', { serial }), { unique: false, new_serial: 'LSSM0001_01' });
  assert.equal(await value('remove', { serial }), 1);
  assert.equal((await error('remove', { serial })).code, 1102);
  assert.equal((await error('enable', {})).code, 905);
});

test('resync takes two values in a row; copyTokenUser gives the token of one to the owner of another', async () => {
  const { value, error } = await lab();
  await value('init', { ...HANS, type: 'hmac', serial: 'LSHO0001' });
  const serial = 'LSHO0001';
  assert.equal(await value('resync', { serial, otp1: VALUES[4], otp2: VALUES[5] }), true);
  assert.equal(await value('resync', { serial, otp1: VALUES[4], otp2: VALUES[7] }), false);
  assert.equal((await error('resync', { serial, otp1: '1' })).code, 905);
  await value('init', { ...HANS, user: 'anna' });
  assert.equal(await value('copyTokenUser', { from: 'LSSM0001', to: serial }), true);
  assert.equal(((await value('getTokenOwner', { serial })) as { username: string }).username, 'anna');
  assert.deepEqual(await value('userlist', { username: 'h*' }), [
    { username: 'hans', userid: 'hans', useridresolver: 'local' },
  ]);
  assert.deepEqual(await value('checkstatus', { transactionid: '1' }), { values: {} });
});

test('an administrator of one realm touches no other', async () => {
  const { administration, value, error } = await lab();
  await value('init', { ...HANS, tokenrealm: 'one' });
  const rule = { scope: 'admin', user: 'admin', client: '*', time: '', active: true };
  administration.policies.replace([{ ...rule, name: 'two', realm: 'two', action: '*' }]);
  const serial = 'LSSM0001';
  for (const path of ['enable', 'remove', 'reset', 'unassign', 'getTokenOwner'])
    assert.equal((await error(path, { serial })).code, 410, path);
  assert.equal((await error('init', HANS)).code, 410);
  assert.equal((await error('show')).code, 410);
  assert.equal((await error('userlist', { username: '*' })).code, 410);
  assert.equal((await error('tokenrealm', { serial, realms: 'two' })).code, 410);
  assert.deepEqual(((await value('show', { viewrealm: 'two' })) as { resultset: { page: number } }).resultset.page, 1);
});
