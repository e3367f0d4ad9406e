import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { Io } from '../io.ts';
import { runEnroll } from './run.ts';

type Fields = Record<string, string>;

/** A server that speaks as LinOTP 4 does; `users` is what its user list says. */
async function lab(t: TestContext, users: object[]) {
  const calls: (Fields & { path: string })[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const path = request.url!;
    const fields: Fields = Object.fromEntries(new URLSearchParams(body));
    calls.push({ ...fields, path });
    const say = (status: number, result: object, detail?: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ result, detail }));
    if (path === '/otp/admin/login') {
      const isRight = fields.password === 'geheim';
      if (isRight)
        response.setHeader('set-cookie', ['access_token_cookie=jwt; HttpOnly; Path=/', 'csrf_access_token=c1; Path=/']);
      return say(isRight ? 200 : 401, { status: true, value: isRight });
    }
    const { cookie, 'x-csrf-token': csrf } = request.headers;
    if (cookie !== 'access_token_cookie=jwt; csrf_access_token=c1' || csrf !== 'c1')
      return say(401, { status: false, error: { code: -1, message: 'Not authenticated' } });
    if (path === '/otp/admin/userlist') return say(200, { status: true, value: users });
    if (fields.user === 'dave') return say(200, { status: false, error: { code: 1112, message: 'no such user' } });
    return say(200, { status: true, value: true }, { serial: `LSSM${calls.length}` });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/otp`;
  const said = { out: '', err: '' };
  const run = (password: string, ...args: string[]) => {
    async function* input() {
      yield Buffer.from(`${password}\n`);
    }
    const io: Io = {
      out: (text) => {
        said.out += `${text}\n`;
      },
      err: (text) => {
        said.err += `${text}\n`;
      },
      notice: () => {},
      input: input(),
      terminal: { input: false, output: false, error: false },
      environment: {},
      paint: (_, text) => text,
      paintError: (_, text) => text,
    };
    return runEnroll(args, io);
  };
  return { run, url, calls, said };
}

const CONF = 'useridresolver.LDAPIdResolver.IdResolver.staff';

test('each user with a mobile number gets a token, and a line tells', async (t) => {
  const { run, url, calls, said } = await lab(t, [
    { username: 'alice', mobile: '+12025550100', useridresolver: CONF },
    { username: 'bob', mobile: '', useridresolver: CONF },
    { username: 'carol\x1b[2J', useridresolver: CONF },
    { username: 'dave', mobile: '1', useridresolver: CONF },
  ]);
  assert.equal(await run('geheim', '--linotp', url, '--admin', 'root', '--realm', 'work', '--username', '*a*'), 1);
  assert.deepEqual(said.out.split('\n'), [
    "SMS Token enrolled for user: 'alice': 'LSSM3'",
    "SMS Token enrolled for user: 'bob': failed - missing mobile number!",
    "SMS Token enrolled for user: 'carol·[2J': failed - missing mobile number!",
    "SMS Token enrolled for user: 'dave': failed - no such user",
    '',
  ]);
  assert.deepEqual(calls.slice(0, 3), [
    { path: '/otp/admin/login', username: 'root', password: 'geheim' },
    { path: '/otp/admin/userlist', username: '*a*', realm: 'work' },
    {
      path: '/otp/admin/init',
      type: 'sms',
      genkey: '1',
      user: 'alice',
      resConf: 'staff',
      phone: '+12025550100',
      realm: 'work',
    },
  ]);
});

test('without a fault the status is 0; a wrong password, server or option is said', async (t) => {
  const { run, url, said } = await lab(t, [{ username: 'alice', mobile: '+12025550100', useridresolver: CONF }]);
  assert.equal(await run('geheim', '--linotp', url, '--admin', 'root'), 0);
  assert.equal(said.err, '');
  assert.equal(await run('wrong', '--linotp', url, '--admin', 'root'), 1);
  assert.match(said.err, /LINOTP_REFUSED/);
  assert.equal(await run('geheim', '--linotp', 'http://127.0.0.1:9', '--admin', 'root'), 1);
  assert.match(said.err, /ECONNREFUSED.*LINOTP_UNREACHABLE/);
  assert.equal(await run('geheim', '--linotp', 'linotp', '--admin', 'root'), 2);
  assert.equal(await run('geheim', '--linotp', url), 2);
  assert.equal(await run('geheim', '--help'), 0);
});
