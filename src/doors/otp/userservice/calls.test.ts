import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '../../../core/audit/search.ts';
import { SEED, VALUES } from '../../../core/tokens/lab.ts';
import { cookiesOf, otpLab, resultOf } from '../lab.ts';

const ALL = ['enable', 'disable', 'delete', 'reset', 'unassign', 'resync', 'setOTPPIN', 'setDescription', 'assign'];

type Said = { status: boolean; value?: unknown; error?: { code: number; message: string } };

async function lab(actions: readonly string[] = ALL, trail: readonly AuditEntry[] = []) {
  const { stock, send, time, administration } = await otpLab(trail);
  const [hans, anna] = ['hans', 'anna'].map((name) => stock.add(name, `password of ${name}`, { realm: 'house' }));
  const policy = (action: string) => {
    const rule = { name: 'p', scope: 'selfservice', user: '*', realm: '*', client: '*', time: '', active: true };
    administration.policies.replace([{ ...rule, action }]);
  };
  policy(actions.join(', '));
  for (const [serial, owner] of [
    ['H1', hans!],
    ['A1', anna!],
  ] as const)
    await stock.desk.enrol({ type: 'hmac', serial, seed: SEED, pin: 'geheim', owner }, 'test');
  const enter = (fields: Record<string, string>, how = 'login', headers = {}) =>
    send({ path: `/userservice/${how}`, fields: new Map(Object.entries(fields)), headers });
  const login = async (user = 'hans') => {
    const reply = await enter({ username: user, password: `password of ${user}` });
    assert.deepEqual(resultOf(reply).result, { status: true, value: true });
    return cookiesOf(reply).user_selfservice!;
  };
  const call = async (session: string, path: string, fields: Record<string, string> = {}, cookie = session) => {
    const all = new Map(Object.entries({ session, ...fields }));
    const headers = { cookie: `user_selfservice=${cookie}` };
    const reply = await send({ path: `/userservice/${path}`, fields: all, headers });
    return { ...resultOf(reply), status: reply.status } as { result: Said; detail?: unknown; status: number };
  };
  return { stock, time, policy, send, enter, login, call };
}

test('a session is the password and a cookie that is brought back twice; it ends', async () => {
  const { enter, login, call, send, time } = await lab();
  for (const fields of [
    { username: 'hans', password: 'wrong' },
    { username: 'nobody', password: 'password of nobody' },
    { login: 'hans', password: 'password of anna' },
  ]) {
    const reply = await enter(fields as unknown as Record<string, string>);
    assert.deepEqual([resultOf(reply).result, reply.headers], [{ status: true, value: false }, undefined]);
  }
  const session = await login();
  assert.equal((await call(session, 'userinfo')).status, 200);
  assert.equal((await call('', 'userinfo', {}, session)).status, 401);
  assert.equal((await call(session, 'userinfo', {}, '')).status, 401);
  assert.equal((await call(`${session}x`, 'userinfo')).status, 401);
  const foreign = { cookie: `user_selfservice=${session}`, origin: 'http://evil.example', host: 'gate.example' };
  const fields = new Map([['session', session]]);
  assert.equal((await send({ path: '/userservice/userinfo', fields, headers: foreign })).status, 403);
  assert.equal((await enter({ username: 'hans', password: 'password of hans' }, 'login', foreign)).status, 403);
  assert.equal((await send({ path: '/userservice/login', method: 'GET' })).status, 405);
  assert.equal((await send({ path: '/userservice/constructor' })).status, 404);
  // It is none of an administrator.
  const headers = { cookie: `access_token_cookie=${session}`, 'x-csrf-token': session };
  assert.equal((await send({ path: '/admin/show', headers })).status, 401);

  const other = await login();
  assert.equal((await call(other, 'logout')).status, 200);
  assert.equal((await call(other, 'userinfo')).status, 401);
  time.now += 1_800_000;
  assert.equal((await call(session, 'userinfo')).status, 401);
});

test('auth: code and password in one, in base32', async () => {
  const { enter } = await lab();
  // echo -n 'password of hans' | base32
  const password = 'OBQXG43XN5ZGIIDPMYQGQYLOOM======';
  const reply = await enter({ login: 'hans', password: `:${password}` }, 'auth');
  assert.deepEqual(resultOf(reply).result, { status: true, value: true });
  assert.ok(cookiesOf(reply).userauthcookie);
  assert.deepEqual((resultOf(await enter({ login: 'hans', password }, 'auth')).result as Said).error?.code, 905);
});

test('own tokens, and no others, may be looked after', async () => {
  const { stock, login, call } = await lab();
  const session = await login();
  const value = async (path: string, fields: Record<string, string> = {}) =>
    (await call(session, path, fields)).result.value;
  const shown = (await value('usertokenlist')) as Record<string, unknown>[];
  assert.deepEqual(
    shown.map((one) => one['LinOtp.TokenSerialnumber']),
    ['H1'],
  );
  assert.deepEqual(await value('disable', { serial: 'H1' }), { 'disable token': 1 });
  assert.deepEqual(
    [await value('usertokenlist', { active: 'true' }), (await stock.desk.show('H1'))?.active],
    [[], false],
  );
  assert.deepEqual(await value('enable', { serial: 'H1' }), { 'enable token': 1 });
  assert.deepEqual(await value('reset', { serial: 'H1' }), { 'reset Failcounter': 1 });
  assert.deepEqual(await value('setpin', { serial: 'H1', userpin: 'neu' }), { 'set userpin': 1 });
  assert.deepEqual(await value('setdescription', { serial: 'H1', description: 'keys' }), { 'set description': 1 });
  assert.deepEqual(await value('resync', { serial: 'H1', otp1: VALUES[4]!, otp2: VALUES[5]! }), {
    'resync Token': true,
  });
  const view = await stock.desk.show('H1');
  assert.deepEqual([view?.description, view?.counter], ['keys', 6]);
  const before = await stock.desk.show('A1');
  for (const path of ['disable', 'enable', 'reset', 'delete', 'unassign', 'setpin', 'setdescription', 'resync'])
    for (const serial of ['A1', 'none'])
      assert.deepEqual(await value(path, { serial, userpin: 'x', description: 'x', otp1: '1', otp2: '2' }), {}, path);
  assert.deepEqual(await stock.desk.show('A1'), before);
  assert.deepEqual(await value('unassign', { serial: 'H1' }), { 'unassign token': 1 });
  assert.deepEqual(await value('assign', { serial: 'H1', pin: 'x' }), { 'assign token': 1 });
  assert.equal((await call(session, 'assign', { serial: 'A1' })).result.error?.code, 1102);
  assert.deepEqual(await value('delete', { serial: 'H1' }), { 'delete token': 1 });
});

test('what no policy names is refused; context says what may be done', async () => {
  const { login, call } = await lab(['disable', 'delete=false', 'otp_pin_minlength=4']);
  const session = await login();
  for (const path of [
    'enable',
    'delete',
    'reset',
    'unassign',
    'resync',
    'setpin',
    'assign',
    'history',
    'getSerialByOtp',
  ])
    assert.equal((await call(session, path, { serial: 'H1' })).result.error?.code, 410, path);
  for (const type of ['sms', 'hmac', 'totp'])
    assert.equal((await call(session, 'enroll', { type })).result.error?.code, 410);
  const { detail } = await call(session, 'context');
  assert.deepEqual(
    [(detail as { actions: string[] }).actions, (detail as { settings: object }).settings],
    [['disable'], { otp_pin_minlength: 4 }],
  );
});

test('a new token for oneself: its secrets once, the PIN as the policy wants it, and no serial that is there', async () => {
  const { stock, policy, login, call } = await lab([
    'enrollHMAC',
    'enrollTOTP',
    'enrollSMS',
    'otp_pin_minlength=4',
    'setOTPPIN',
  ]);
  const session = await login();
  const made = await call(session, 'enroll', { type: 'totp', otppin: '1234', description: 'phone', serial: 'NEW1' });
  assert.match((made.detail as { googleurl: { value: string } }).googleurl.value, /^otpauth:\/\/totp\//);
  const view = await stock.desk.show('NEW1');
  assert.deepEqual([view?.owner?.login, view?.description, view?.pinSet], ['hans', 'phone', true]);
  for (const [fields, code] of [
    [{ type: 'hmac', otppin: '123' }, 410],
    [{ type: 'hmac', serial: 'A1' }, -311],
    [{ type: 'hmac', serial: 'H1' }, -311],
    [{ type: 'motp' }, 1610],
    [{ type: 'sms' }, -311],
  ] as const)
    assert.equal((await call(session, 'enroll', fields)).result.error?.code, code, JSON.stringify(fields));
  assert.equal((await stock.desk.show('A1'))?.owner?.login, 'anna');
  assert.equal((await call(session, 'enroll', { type: 'sms', phone: '+4917' })).result.value, true);
  assert.equal((await call(session, 'setpin', { serial: 'NEW1', userpin: '123' })).result.error?.code, 410);
  policy('enrollSMS, edit_sms=false');
  assert.equal((await call(session, 'enroll', { type: 'sms', phone: '+4917' })).result.status, false);
});

test('mfa_login: the password alone opens nothing; with PIN and code it does, once', async () => {
  const { enter } = await lab(['mfa_login']);
  const fields = { username: 'hans', password: 'password of hans' };
  const half = await enter(fields);
  assert.deepEqual(resultOf(half), {
    result: { status: true, value: false },
    detail: {
      message: 'credential verified - additional authentication parameter required',
      tokenList: [{ serial: 'H1', type: 'hmac' }],
    },
  });
  assert.equal(half.headers, undefined);
  const yes = async (otp: string) => (resultOf(await enter({ ...fields, otp })).result as Said).value;
  assert.deepEqual(
    [await yes(VALUES[0]!), await yes(`geheim${VALUES[0]}`), await yes(`geheim${VALUES[0]}`)],
    [false, true, false],
  );
});

test('history: the lines of the own tokens, without who administers', async () => {
  const line = (sequence: number, user: string, serial: string): AuditEntry => ({
    sequence,
    genuine: true,
    fields: { time: '2026-01-01T00:00:00.000Z', event: 'admin', action: 'set-token', by: 'admin root', user, serial },
  });
  const { login, send } = await lab(['history'], [line(1, 'hans', 'H1'), line(2, 'anna', 'H1'), line(3, 'anna', 'A1')]);
  const session = await login();
  const headers = { cookie: `user_selfservice=${session}` };
  const { body } = await send({ path: '/userservice/history', fields: new Map([['session', session]]), headers });
  const { total, rows } = JSON.parse(body) as { total: number; rows: { id: string }[] };
  assert.deepEqual([total, rows.map(({ id }) => id), body.includes('root')], [1, ['1'], false]);
});
