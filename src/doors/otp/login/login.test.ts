import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpReply } from '../../../platform/http-route.ts';
import { cookiesOf, otpLab, resultOf, START } from '../lab.ts';

const PATH = '/system/getProvider';
const WHO = new Map([
  ['username', 'admin'],
  ['password', 'right'],
]);

function headersOf(reply: HttpReply): { cookie: string; 'x-csrf-token': string } {
  const { access_token_cookie: token, csrf_access_token: csrf = '' } = cookiesOf(reply);
  return { cookie: `other=1; access_token_cookie=${token}; csrf_access_token=${csrf}`, 'x-csrf-token': csrf };
}

async function loggedIn() {
  const lab = await otpLab();
  const reply = await lab.send({ path: '/admin/login', fields: WHO });
  return { ...lab, reply, headers: headersOf(reply) };
}

test('a login gives the two cookies of LinOTP 4, and both together let in', async () => {
  const { reply, headers, send, actors } = await loggedIn();
  assert.deepEqual(resultOf(reply), {
    result: { status: true, value: true },
    detail: { message: 'Login successful for admin' },
  });
  const [access, csrf] = reply.headers!['set-cookie'] as string[];
  assert.match(
    access!,
    /^access_token_cookie=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; Max-Age=1800; SameSite=Strict; HttpOnly$/,
  );
  assert.match(csrf!, /^csrf_access_token=[\w-]{24}; Path=\/; Max-Age=1800; SameSite=Strict$/);
  const let_in = await send({ path: PATH, method: 'GET', headers });
  assert.deepEqual([let_in.status, resultOf(let_in)], [200, { result: { status: true, value: {} } }]);
  assert.deepEqual(actors, ['admin admin from 192.0.2.1']);
});

test('over TLS the cookies are for TLS only', async () => {
  const { send } = await otpLab();
  const reply = await send({ path: '/admin/login', fields: WHO, secure: true });
  for (const cookie of reply.headers!['set-cookie'] as string[]) assert.match(cookie, /; Secure/);
});

test('a wrong login is 401, and counts for the address alone', async () => {
  const { send, knocks } = await otpLab();
  const reply = await send({ path: '/admin/login', fields: new Map([...WHO, ['password', 'wrong']]) });
  assert.equal(reply.status, 401);
  assert.deepEqual(resultOf(reply), {
    result: { status: true, value: false },
    detail: { message: 'Bad username or password' },
  });
  assert.equal(reply.headers, undefined);
  assert.deepEqual(knocks, ['admin 192.0.2.1 0']);
  assert.equal((await send({ path: '/admin/login', fields: WHO, method: 'GET' })).status, 405);
});

test('without the header, with a forged or an old token nobody is let in', async () => {
  const { headers, send, time } = await loggedIn();
  const refused = async (given: Record<string, string>) => {
    const reply = await send({ path: PATH, method: 'GET', headers: given });
    assert.equal(reply.status, 401, JSON.stringify(given));
    assert.deepEqual(resultOf(reply).result, { status: false, error: { code: -311, message: 'Not authenticated' } });
  };
  const { cookie } = headers;
  await refused({});
  await refused({ cookie });
  await refused({ cookie, 'x-csrf-token': 'other' });
  await refused({ 'x-csrf-token': headers['x-csrf-token'] });
  await refused({ ...headers, cookie: cookie.replace(/\.([\w-]+);/, '.A$1;') });
  await refused({ ...headers, cookie: `access_token_cookie=${unsigned()}` });
  await refused({ ...headers, cookie: 'access_token_cookie=..' });
  await refused({ authorization: `Basic ${btoa('admin:wrong')}` });
  time.now = START + 1_800_000;
  await refused(headers);

  function unsigned(): string {
    const [header, claims] = /access_token_cookie=([^.]+)\.([^.]+)/.exec(cookie)!.slice(1);
    assert.ok(header);
    return `${Buffer.from('{"typ":"JWT","alg":"none"}').toString('base64url')}.${claims}.`;
  }
});

test('a token is renewed in its second half, and the old one goes on', async () => {
  const { headers, send, time } = await loggedIn();
  const at = async (seconds: number, given = headers) => {
    time.now = START + seconds * 1000;
    return send({ path: PATH, method: 'GET', headers: given });
  };
  assert.deepEqual(cookiesOf(await at(899)), {});
  const renewed = await at(900);
  const next = headersOf(renewed);
  assert.equal(next['x-csrf-token'], headers['x-csrf-token']);
  assert.equal((await at(1799)).status, 200);
  assert.equal((await at(1801)).status, 401);
  assert.equal((await at(1801, next)).status, 200);
});

test('who logs out is out with every token of the session', async () => {
  const { headers, send, time } = await loggedIn();
  time.now = START + 1_000_000;
  const next = headersOf(await send({ path: PATH, method: 'GET', headers }));
  const out = await send({ path: '/admin/logout', method: 'GET', headers });
  assert.deepEqual(resultOf(out).result, { status: true, value: true });
  assert.deepEqual(cookiesOf(out), { access_token_cookie: '', csrf_access_token: '' });
  for (const one of [headers, next])
    assert.equal((await send({ path: PATH, method: 'GET', headers: one })).status, 401);
  assert.equal((await send({ path: '/admin/logout', headers })).status, 401);
});

test('pages of other sites are refused, whatever a browser sends along', async () => {
  const { headers, send, call } = await loggedIn();
  const basic = { authorization: `Basic ${btoa('admin:right')}`, host: 'gate.example:8080' };
  const status = async (given: Record<string, string>) =>
    (await send({ path: PATH, method: 'GET', headers: given })).status;
  assert.equal(await status({ ...basic, origin: 'http://evil.example' }), 403);
  assert.equal(await status({ ...basic, origin: 'null' }), 403);
  assert.equal(await status({ ...basic, 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await status({ ...headers, host: 'gate.example', origin: 'http://evil.example' }), 403);
  assert.equal(await status({ ...basic, origin: 'http://gate.example:8080', 'sec-fetch-site': 'same-origin' }), 200);
  const login = await send({
    path: '/admin/login',
    fields: WHO,
    headers: { host: 'a', origin: 'http://evil.example' },
  });
  assert.equal(login.status, 403);
  assert.equal((await call(PATH, {}, 'GET')).status, 200);
});

test('a session as LinOTP 2 has it: cookie and parameter together let in, until it is dropped or half an hour old', async () => {
  const { call, send, actors, time } = await otpLab();
  const begun = await call('/admin/getsession', {}, 'GET');
  const { admin_session: session = '' } = cookiesOf(begun);
  assert.deepEqual(resultOf(begun), { result: { status: true, value: true }, detail: { session } });
  assert.match(
    String(begun.headers!['set-cookie']),
    /^admin_session=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; Max-Age=1800; SameSite=Strict$/,
  );
  const cookie = `other=1; admin_session=${session}`;
  const authorization = `Basic ${btoa('admin:right')}`;
  const status = async (path: string, headers: Record<string, string>, given?: string) => {
    const fields = new Map(given === undefined ? [] : [['session', given]]);
    return (await send({ path, method: 'GET', headers, fields })).status;
  };
  for (const path of [PATH, '/admin/show', '/audit/search']) assert.equal(await status(path, { cookie }, session), 200);
  assert.deepEqual(new Set(actors), new Set(['admin admin from 192.0.2.1']));
  assert.equal(await status(PATH, { cookie }), 401);
  assert.equal(await status(PATH, { cookie }, 'other'), 401);
  assert.equal(await status(PATH, {}, session), 401);
  assert.equal(await status(PATH, { cookie: 'admin_session=1' }, '1'), 401);
  assert.equal(await status(PATH, { cookie: 'admin_session=' }, ''), 401);
  assert.equal(await status(PATH, { cookie, authorization }), 401, 'where the cookie is, the parameter has to be');
  assert.equal(await status(PATH, { cookie, authorization }, session), 200);
  assert.equal(await status(PATH, { cookie: `access_token_cookie=${session}`, 'x-csrf-token': csrfOf(session) }), 401);
  assert.equal(await status('/admin/getsession', { cookie, authorization }), 200, 'of before, as tools keep it');

  assert.equal(await status('/admin/dropsession', { cookie, origin: 'http://evil.example' }), 403);
  assert.equal(await status(PATH, { cookie }, session), 200);
  const dropped = await send({ path: '/admin/dropsession', method: 'GET', headers: { cookie } });
  assert.deepEqual(cookiesOf(dropped), { admin_session: '' });
  assert.equal(await status(PATH, { cookie }, session), 401);

  const { admin_session: next = '' } = cookiesOf(await call('/admin/getsession'));
  time.now += 1_800_000;
  assert.equal(await status(PATH, { cookie: `admin_session=${next}` }, next), 401);
  assert.equal(await status(PATH, { cookie: `admin_session=${next}`, authorization }, next), 200, 'tools go on');

  function csrfOf(token: string): string {
    return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).csrf;
  }
});

test('who is not let in is offered Basic; who tries Digest is told why not', async () => {
  const { send, knocks } = await otpLab();
  const digest = 'Digest username="admin", realm="LinOTP2 admin area", nonce="1", uri="/", response="0"';
  for (const path of ['/admin/getsession', PATH]) {
    for (const [authorization, message] of [
      [undefined, /^Not authenticated$/],
      [digest, /HTTP Digest is not possible here, use HTTP Basic$/],
    ] as const) {
      const reply = await send({ path, method: 'GET', headers: { authorization } });
      const { error } = resultOf(reply).result as { error: { message: string } };
      assert.equal(reply.status, 401);
      assert.match(error.message, message);
      assert.equal(reply.headers!['www-authenticate'], 'Basic realm="Gatehouse", charset="UTF-8"');
    }
  }
  assert.deepEqual(knocks, []);
});
