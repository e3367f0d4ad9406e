import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { connectControl, controlSocketOf } from '../../core/control/client.ts';
import { fakeAdministration } from '../../core/control/fake.ts';
import type { HealthItem } from '../../core/doors/types.ts';
import type { Client } from '../../core/gate/types.ts';
import type { OfferUpgrades } from '../../platform/http-upgrade.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { ProblemsError } from '../../platform/problems.ts';
import type { VerifyAdmin } from './administrators.ts';
import { type ConsoleTls, createConsoleDoor } from './door.ts';

const pem = (name: string) => join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'tls', name);
const HTTPS = { certificate: pem('gate.pem'), key: pem('gate.key'), listen: [{ address: '127.0.0.1', port: 0 }] };

const rightPassword: VerifyAdmin = async (name, password) => name === 'admin' && password === 'right';

async function open(
  t: TestContext,
  options: { verifyAdmin?: VerifyAdmin; health?: HealthItem[]; webSockets?: OfferUpgrades; tls?: ConsoleTls } = {},
) {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-console-'));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const administration = fakeAdministration();
  const actors: string[] = [];
  const make = (port = 0, tls = options.tls) =>
    createConsoleDoor({
      listen: [{ address: '127.0.0.1', port }],
      controlSocket: controlSocketOf(dataDir),
      administration: (actor) => {
        actors.push(actor);
        return administration;
      },
      ...(options.webSockets ? { webSockets: options.webSockets } : {}),
      ...(tls ? { tls } : {}),
      names: () => ['console.example'],
      health: () => options.health ?? [],
      metrics: createMetrics({ version: '1' }),
      verifyAdmin: options.verifyAdmin ?? rightPassword,
      log: silentLog,
    });
  const door = make();
  await door.start();
  t.after(() => door.stop(0));
  const port = door.listeners()[0]!.port;
  const url = `http://127.0.0.1:${port}`;
  const call = (method: string, args: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/v1/${method}`, {
      method: 'POST',
      body: JSON.stringify(args),
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa('admin:right')}`, ...headers },
    });
  return { door, make, url, port, call, administration, actors, socket: join(dataDir, 'control.sock') };
}

async function codeOf(reply: Response): Promise<[number, string]> {
  const body = (await reply.json()) as { error: { code: string } };
  return [reply.status, body.error.code];
}

test('the control socket is for its owner alone and carries every kind of answer', async (t) => {
  const { socket, administration } = await open(t);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  const client = await connectControl(socket);
  assert.ok(client);
  assert.deepEqual((await client.addUser({ login: '1000', password: 'geheim' })).logins, ['1000']);
  assert.equal(administration.users.get('1000')?.password, 'geheim');
  assert.equal((await client.setPassword('1000', 'neu')) ?? undefined, undefined);
  assert.deepEqual(await client.who(), []);
  await assert.rejects(client.addUser({ login: '1000', password: 'x' }), {
    code: 'USER_EXISTS',
    hint: 'choose another',
  });
  await assert.rejects(client.listUsers({ limit: 5000 }), { code: 'ARGUMENTS_INVALID', where: 'listUsers(0.limit)' });
});

test('all that is wrong with the files of a reload crosses the socket, and HTTP', async (t) => {
  const { socket, administration, call } = await open(t);
  const problem = {
    severity: 'error',
    code: 'SCRIPT_FUNCTION',
    file: 'ser.cfg',
    line: 3,
    column: 1,
    message: 'm',
  } as const;
  administration.reload = () => Promise.reject(new ProblemsError('CONFIG_INVALID', [problem]));
  const client = await connectControl(socket);
  await assert.rejects(client!.reload(), (error) => {
    assert.ok(error instanceof ProblemsError);
    assert.deepEqual(error.problems, [problem]);
    return true;
  });
  const reply = await call('reload', []);
  assert.equal(reply.status, 400);
  assert.deepEqual(((await reply.json()) as { error: { problems: unknown } }).error.problems, [problem]);
});

test('the socket of a dead server is replaced', async (t) => {
  const { door, make, socket } = await open(t);
  await door.stop(0);
  assert.equal(await connectControl(socket), undefined);
  const dead = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', dead]);
  assert.ok(statSync(socket).isSocket());
  assert.equal(await connectControl(socket), undefined);
  const third = make();
  await third.start();
  assert.equal((await (await connectControl(socket))?.status())?.pid, 42);
  await third.stop(0);
});

test('what is no socket is not removed', async (t) => {
  const { door, make, socket } = await open(t);
  await door.stop(0);
  writeFileSync(socket, 'precious');
  await assert.rejects(make().start(), { code: 'CONTROL_LISTEN' });
  assert.ok(statSync(socket).isFile());
});

test('a taken port is named, and nothing stays open', async (t) => {
  const { door, port, socket } = await open(t);
  const other = await open(t);
  await other.door.stop(0);
  const second = other.make(port);
  await assert.rejects(second.start(), {
    code: 'PORT_TAKEN',
    where: `tcp:127.0.0.1:${port}`,
    message: new RegExp(`tcp port ${port} is taken by .+ \\(process ${process.pid}\\); .*http\\.listen`),
  });
  assert.equal(await connectControl(other.socket), undefined);
  assert.ok(await connectControl(socket));
  assert.equal(door.listeners().length, 1);
});

test('over TCP an administrator must say who they are', async (t) => {
  const { call, url } = await open(t);
  assert.equal((await call('who', [])).status, 200);
  const without = await call('who', [], { authorization: '' });
  assert.match(without.headers.get('www-authenticate') ?? '', /^Basic realm=/);
  assert.deepEqual(await codeOf(without), [401, 'HTTP_UNAUTHORIZED']);
  for (const given of [
    `Basic ${btoa('admin:wrong')}`,
    'Basic !',
    'Bearer x',
    `Basic ${btoa(`admin:${'x'.repeat(2000)}`)}`,
  ]) {
    assert.deepEqual(await codeOf(await call('who', [], { authorization: given })), [401, 'HTTP_UNAUTHORIZED'], given);
  }
  assert.equal((await fetch(`${url}/control/who`, { method: 'POST' })).status, 404);
});

test('who acts is told to the administration', async (t) => {
  const { call, socket, actors } = await open(t);
  await call('who', []);
  await (await connectControl(socket))!.who();
  assert.deepEqual(actors, ['admin admin from 127.0.0.1', `command line (uid ${process.getuid!()})`]);
});

test('wrong passwords count for the address, not for the connection', async (t) => {
  const clients: Client[] = [];
  const { call } = await open(t, {
    verifyAdmin: async (_name, _password, client) => {
      clients.push(client);
      return false;
    },
  });
  for (let i = 0; i < 2; i++) assert.equal((await call('who', [], { connection: 'close' })).status, 401);
  assert.deepEqual(clients, Array(2).fill({ address: '127.0.0.1', port: 0 }));
});

test('a name in the Host header that is none of ours is refused, but for health', async (t) => {
  const { port } = await open(t);
  const get = (path: string, host: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { host };
      request({ host: '127.0.0.1', port, path, headers, agent: false }, (reply) => {
        reply.resume();
        resolve(reply.statusCode!);
      })
        .on('error', reject)
        .end();
    });
  for (const host of ['127.0.0.1', '192.0.2.1:8080', '[::1]:8080', 'localhost:1', 'Console.Example:80']) {
    assert.equal(await get('/metrics', host), 200, host);
  }
  for (const host of ['evil.example', 'localhost.evil.example', 'x', '127.0.0.1.evil.example:80']) {
    assert.equal(await get('/metrics', host), 421, host);
    assert.equal(await get('/healthz', host), 200, host);
  }
});

test('only so many may wait for their password to be checked', async (t) => {
  const most = 32;
  const waiting: ((ok: boolean) => void)[] = [];
  let allWait = () => {};
  const full = new Promise<void>((resolve) => {
    allWait = resolve;
  });
  const verifyAdmin = () =>
    new Promise<boolean>((resolve) => {
      if (waiting.push(resolve) === most) allWait();
    });
  const { call } = await open(t, { verifyAdmin });
  const first = Array.from({ length: most }, () => call('who', []));
  await full;
  const next = await call('who', []);
  assert.equal(next.headers.get('retry-after'), '1');
  assert.deepEqual(await codeOf(next), [503, 'HTTP_BUSY']);
  for (const done of waiting) done(true);
  for (const reply of await Promise.all(first)) assert.equal(reply.status, 200);
});

test('no web page can be the caller', async (t) => {
  const { call, url, administration } = await open(t);
  const user = [{ login: 'eve', password: 'x' }];
  assert.deepEqual(await codeOf(await call('addUser', user, { origin: 'http://evil.example' })), [403, 'HTTP_ORIGIN']);
  assert.deepEqual(await codeOf(await call('addUser', user, { origin: 'null' })), [403, 'HTTP_ORIGIN']);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    assert.deepEqual(await codeOf(await call('addUser', user, { 'content-type': type })), [415, 'HTTP_REQUEST'], type);
  }
  const preflight = await fetch(`${url}/api/v1/addUser`, {
    method: 'OPTIONS',
    headers: { origin: 'http://evil.example' },
  });
  assert.equal(preflight.headers.get('access-control-allow-origin'), null);
  assert.equal(preflight.ok, false);
  assert.equal(administration.users.size, 0);
});

test('errors of a call have a status that fits', async (t) => {
  const { call, administration } = await open(t);
  assert.deepEqual(await codeOf(await call('showUser', ['x'])), [404, 'USER_UNKNOWN']);
  assert.deepEqual(await codeOf(await call('showUser', [5])), [400, 'ARGUMENTS_INVALID']);
  assert.deepEqual(await codeOf(await call('showUser', {})), [400, 'ARGUMENTS_INVALID']);
  assert.deepEqual(await codeOf(await call('constructor', [])), [404, 'METHOD_UNKNOWN']);
  assert.deepEqual(await codeOf(await call('importUsers', ['x'.repeat(3_000_000)])), [413, 'HTTP_REQUEST']);
  administration.who = () => Promise.reject(new Error('secret detail'));
  const reply = await call('who', []);
  assert.equal(reply.status, 500);
  assert.doesNotMatch(await reply.text(), /secret detail/);
});

test('health is 503 while something is broken; metrics are Prometheus text', async (t) => {
  const health: HealthItem[] = [{ code: 'A', severity: 'warning', text: 'so so', since: 0 }];
  const { url } = await open(t, { health });
  const well = await fetch(`${url}/healthz`);
  assert.equal(well.status, 200);
  const items = [{ code: 'A', severity: 'warning', text: 'so so', since: '1970-01-01T00:00:00.000Z' }];
  assert.deepEqual(await well.json(), { version: 1, ok: true, items });
  health.push({ code: 'B', severity: 'error', text: 'broken' });
  assert.equal((await fetch(`${url}/healthz`)).status, 503);
  const metrics = await fetch(`${url}/metrics`);
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(await metrics.text(), /^gatehouse_build_info\{version="1"\} 1$/m);
});

test('WebSockets under /sip are handed over, others are refused', async (t) => {
  const taken: string[] = [];
  const { port } = await open(t, {
    webSockets: async (listener) => (request, socket) => {
      taken.push(`${listener.port} ${request.url}`);
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    },
  });
  const ask = (path: string, host = `127.0.0.1:${port}`) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { connection: 'upgrade', upgrade: 'websocket', host };
      request({ port, host: '127.0.0.1', path, headers }, (reply) => resolve(reply.resume().statusCode))
        .on('error', reject)
        .end();
    });
  assert.equal(await ask('/other'), 404);
  assert.equal(await ask('/sip', `rebound.example:${port}`), 421);
  assert.equal(await ask('/sip?x'), 403);
  assert.deepEqual(taken, [`${port} /sip?x`]);
});

test('connections in which nobody asks anything do not keep others out', async (t) => {
  const { port } = await open(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 400, maxFreeSockets: 400 });
  t.after(() => agent.destroy());
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      get({ port, path: '/healthz', agent }, (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode!));
      }).on('error', reject);
    });
  const answers = await Promise.all(Array.from({ length: 250 }, ask));
  assert.deepEqual(new Set(answers), new Set([200]));
  const strangers = Array.from({ length: 20 }, () => get({ port, path: '/healthz', agent: false }));
  const replies = await Promise.all(
    strangers.map((asked) => Promise.race([once(asked, 'response'), once(asked, 'error')])),
  );
  const heard = replies.filter(([reply]) => reply.statusCode === 200);
  assert.ok(heard.length >= 6, `${heard.length} of 20`);
  const later = await once(get({ port, path: '/healthz', agent: false }), 'response');
  assert.equal((later[0] as IncomingMessage).statusCode, 200);
});

test('the description of the interface is there for whoever asks', async (t) => {
  const { url } = await open(t);
  const reply = await fetch(`${url}/api/v1/openapi.json`);
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get('content-type') ?? '', /^application\/json/);
  assert.match(((await reply.json()) as { openapi: string }).openapi, /^3\.1\./);
});

test('with a certificate the same is answered over HTTPS, WebSockets too', async (t) => {
  const taken: boolean[] = [];
  const { door, make } = await open(t, {
    tls: HTTPS,
    webSockets:
      async ({ secure }) =>
      (_request, socket) => {
        taken.push(secure);
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      },
  });
  const [plain, secure] = door.listeners();
  assert.deepEqual([plain?.what, secure?.what], ['http', 'https']);
  const ask = (path: string, headers = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const to = {
        host: '127.0.0.1',
        port: secure!.port,
        ca: readFileSync(pem('authority.pem')),
        path,
        headers,
        servername: 'localhost',
      };
      secureRequest(to, (reply) => resolve(reply.resume().statusCode))
        .on('error', reject)
        .end();
    });
  assert.equal(await ask('/healthz'), 200);
  assert.equal(await ask('/nothing'), 404);
  assert.equal(await ask('/healthz', { host: 'evil.example' }), 200);
  assert.equal(await ask('/metrics', { host: 'evil.example' }), 421);
  assert.equal(await ask('/sip', { connection: 'upgrade', upgrade: 'websocket' }), 403);
  assert.deepEqual(taken, [true]);
  await door.stop(0);
  await assert.rejects(make(0, { ...HTTPS, key: pem('other.key') }).start(), { code: 'TLS_CERTIFICATE' });
});
