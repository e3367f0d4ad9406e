/** The door's pages, and a FAS of level 3 over HTTPS: what it is told, whom its list lets in, and what it cannot do. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AuthList, createSecureFas, FAS_KEY, type FasQuery } from '../../../../test/peers/fas-server.ts';
import type { Gate, Knock } from '../../../core/gate/types.ts';
import { type Log, silentLog } from '../../../platform/log.ts';
import type { PortalSettings } from '../config/model.ts';
import { DEFAULTS } from '../config/model.ts';
import { ADDRESS, MAC, startPages } from '../http/lab.ts';
import { createLogIn, type Grant, type LogIn, type LoginParts, type Outcome } from '../login.ts';
import type { Sessions } from '../sessions.ts';
import { parseList } from './auth-list.ts';
import { FasMonitor } from './monitor.ts';

const NAME = 'The "Anchor", & more=1';
const WANTED = '/a,%20b=c?d=e';
const pem = (name: string) => join(import.meta.dirname, '..', '..', '..', '..', 'test', 'fixtures', 'tls', name);
const certified = (name: string): ServerOptions => ({
  cert: readFileSync(pem(`${name}.pem`)),
  key: readFileSync(pem(`${name}.key`)),
});
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

interface Options {
  readonly settings?: Partial<PortalSettings>;
  readonly certificate?: string;
  readonly log?: Log;
  /** In place of one that says what `answerWith` was told. */
  readonly logIn?: LogIn;
}

async function lab(t: TestContext, { settings = {}, certificate = 'gate', log = silentLog, logIn }: Options = {}) {
  const queries: FasQuery[] = [];
  const list: AuthList = { waiting: new Map(), posted: [], answer: undefined };
  const fas = createSecureFas(certified(certificate), '30 0 0 500 1000 Y3VzdG9t', (query) => queries.push(query), list);
  fas.listen(0, ADDRESS);
  await once(fas, 'listening');
  t.after(() => {
    fas.close();
    fas.closeAllConnections();
  });
  const all: PortalSettings = {
    ...DEFAULTS,
    interface: 'lan',
    name: NAME,
    fas_level: 3,
    fas_key: FAS_KEY,
    fas_port: (fas.address() as AddressInfo).port,
    fas_address: ADDRESS,
    fas_name: 'gate.test',
    fas_path: '/login?site=1',
    fas_ca: pem('authority.pem'),
    ...settings,
  };
  const door = await startPages(t, all);
  const asked: (Grant | undefined)[] = [];
  const blocked = new Set<string>();
  let outcome: Outcome = { is: 'in' };
  const monitor = new FasMonitor({
    settings: all,
    gateway: ADDRESS,
    clients: door.clients,
    lists: { isBlocked: (mac) => blocked.has(mac) },
    logIn:
      logIn ??
      (async (client, _given, grant) => {
        assert.equal(client, door.me());
        asked.push(grant);
        if (outcome.is === 'in') door.enter();
        return outcome;
      }),
    clock: { now: () => 5, monotonic: () => 0 },
    log,
  });
  t.after(() => monitor.stop());

  const redirected = async () => {
    const { location } = await door.request({ host: 'example.com', path: WANTED });
    return location ?? '';
  };
  /** The client's browser on the page of the FAS. */
  const visit = async () => {
    const to = new URL(await redirected());
    assert.deepEqual([to.protocol, to.host, to.pathname], ['https:', `gate.test:${all.fas_port}`, '/login']);
    const ca = readFileSync(pem('authority.pem'));
    const path = to.pathname + to.search;
    const asking = get({ host: ADDRESS, port: all.fas_port, path, servername: 'gate.test', ca, agent: false });
    const [response] = await once(asking, 'response');
    response.resume();
    await once(response, 'end');
  };
  const answerWith = (one: Outcome) => {
    outcome = one;
  };
  const put = (...passes: string[]) =>
    list.waiting.set(gatewayhash, new Map(passes.map((pass) => [pass, `${pass} 10 0 0 5`])));
  const gatewayhash = sha256(encodeURIComponent(NAME).replaceAll(/%../g, (byte) => byte.toLowerCase()));
  const waiting = () => [...(list.waiting.get(gatewayhash)?.keys() ?? [])];
  return { ...door, monitor, list, queries, asked, blocked, gatewayhash, redirected, visit, answerWith, put, waiting };
}

const NONE = { sent: 0, received: 0 };

test('whoever the list names is let in with its terms, once, and acknowledged', async (t) => {
  const { me, monitor, list, queries, asked, visit, redirected, waiting, gatewayhash, clients } = await lab(t);
  await monitor.round();
  assert.equal(list.posted.length, 1, 'nobody waits, so there is nothing to acknowledge');
  const { token } = me();
  assert.ok(!(await redirected()).includes(token));
  await visit();
  const { tok, hid, clientip, clientmac, gatewayurl } = queries[0]!;
  assert.deepEqual([tok, hid, clientip, clientmac], [token, sha256(token), ADDRESS, MAC]);
  assert.equal(decodeURIComponent(gatewayurl!), `http://${ADDRESS}:2050`);
  const rhid = sha256(`${sha256(token)}${FAS_KEY}`);
  assert.deepEqual(waiting(), [rhid]);

  await monitor.round();
  assert.deepEqual(asked, [{ seconds: 1_800, most: { sent: 500_000, received: 1_000_000 }, rate: NONE }]);
  assert.deepEqual(waiting(), []);
  const [view, acknowledged] = list.posted.slice(1).map((form) => Object.fromEntries(form));
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  assert.deepEqual(view, { auth_get: 'view', gatewayhash, payload: base64('none') });
  assert.deepEqual(acknowledged, { auth_get: 'view', gatewayhash, payload: base64(`* ${rhid}`) });

  // The same entry again, after the client has left: its token is another one.
  clients.left(me(), 0);
  list.waiting.get(gatewayhash)!.set(rhid, `${rhid} 0`);
  await monitor.round();
  assert.equal(asked.length, 1);
  assert.deepEqual(waiting(), [rhid]);
});

test('what the list may not say lets nobody in', async (t) => {
  const { me, monitor, list, asked, gatewayhash, blocked, put, waiting } = await lab(t);
  const { token } = me();
  const hid = sha256(token);
  const rhid = sha256(`${hid}${FAS_KEY}`);
  const entries = [
    hid,
    sha256(`${hid}1234567890`),
    sha256(`${sha256('0'.repeat(32))}${FAS_KEY}`),
    `${rhid}0`,
    rhid.toUpperCase(),
    ADDRESS,
    MAC,
    `${rhid} -1`,
    `${rhid} 10 x`,
    `${rhid} 10 0 0 1e9`,
  ];
  list.waiting.set(gatewayhash, new Map(entries.map((entry) => [entry, entry])));
  await monitor.round();
  blocked.add(MAC);
  put(rhid);
  await monitor.round();
  assert.deepEqual([asked.length, waiting()], [0, [rhid]]);
  assert.deepEqual(parseList(`* %zz ${rhid}%200`), [{ pass: rhid, seconds: 0, most: NONE, rate: NONE }]);
  assert.deepEqual(parseList(`* ${rhid}%200%20512%208000%200%200%20x`)[0]?.rate, { sent: 64_000, received: 1_000_000 });
});

test('a refusal is not acknowledged, nor asked again while it is listed; a door that is full is', async (t) => {
  const { me, monitor, asked, put, waiting, answerWith } = await lab(t);
  const rhid = sha256(`${sha256(me().token)}${FAS_KEY}`);
  put(rhid);
  answerWith({ is: 'refused', reason: 'locked' });
  await monitor.round();
  await monitor.round();
  assert.deepEqual([asked.length, waiting()], [1, [rhid]]);
  put('0'.repeat(64));
  await monitor.round();
  put(rhid);
  answerWith({ is: 'refused', reason: 'full' });
  await monitor.round();
  assert.equal(asked.length, 2, 'its page asks for another time');
  answerWith({ is: 'in' });
  await monitor.round();
  assert.deepEqual([asked.length, waiting()], [3, []]);
});

test('a decision that takes long keeps nobody else waiting, and is acknowledged when it is there', async (t) => {
  const slow = Promise.withResolvers<Outcome>();
  const logIn: LogIn = async ({ mac }) => (mac === MAC ? slow.promise : { is: 'in' });
  const { me, clients, monitor, put, waiting } = await lab(t, { logIn });
  const other = clients.meet({ interface: 'lan', address: '127.0.0.2', mac: '02:00:5e:10:00:02' }, 0);
  const [first, second] = [me(), other].map(({ token }) => sha256(`${sha256(token)}${FAS_KEY}`));
  put(first!, second!);
  await monitor.round();
  assert.deepEqual(waiting(), [first]);
  slow.resolve({ is: 'in' });
  await monitor.round();
  assert.deepEqual(waiting(), []);
});

test('among thousands of strangers one is found without a long turn of the event loop', async (t) => {
  const { clients, monitor, put, waiting } = await lab(t, { logIn: async () => ({ is: 'in' }) });
  const card = (i: number) => ({ interface: 'lan', address: `10.0.${i >> 8}.${i & 255}`, mac: `${MAC} ${i}` });
  const strangers = Array.from({ length: 3_000 }, (_, i) => clients.meet(card(i), 0));
  put(sha256(`${sha256(strangers.at(-1)!.token)}${FAS_KEY}`));
  let turn = 0;
  let next = setImmediate(function count() {
    turn++;
    next = setImmediate(count);
  });
  t.after(() => clearImmediate(next));
  const turns = new Set<number>();
  const { all } = clients;
  clients.all = function* () {
    for (const client of all.call(clients)) {
      turns.add(turn);
      yield client;
    }
  } as typeof all;
  await monitor.round();
  assert.deepEqual(waiting(), []);
  assert.ok(turns.size > 10, `they were looked at in ${turns.size} turns`);
});

test('the gate is asked as for whoever comes back from a FAS, and the shorter term holds', async (t) => {
  const knocks: Knock[] = [];
  const opened: Parameters<Sessions['open']>[1][] = [];
  const gate = {
    async prove(knock: Knock) {
      knocks.push(knock);
      return { verdict: 'granted', ticket: { account: { login: MAC } } };
    },
    admit: async () => ({ admitted: true, terms: { seconds: 900, upload: undefined, download: undefined } }),
  } as unknown as Gate;
  const sessions = {
    full: false,
    newName: () => 'portal:1',
    open: async (_: unknown, entry: Parameters<Sessions['open']>[1]) => void opened.push(entry),
  } as unknown as Sessions;
  const settings = { login: 'click', session_seconds: 60, preauth: undefined, fas_port: 1 } as const;
  const clock = { now: () => 0, monotonic: () => 0 };
  const parts = { settings, binauth: undefined, sessions, gate, clock, log: silentLog };
  const { me, monitor, put, waiting } = await lab(t, { logIn: createLogIn(parts as unknown as LoginParts) });
  put(sha256(`${sha256(me().token)}${FAS_KEY}`));
  await monitor.round();
  assert.deepEqual(
    knocks.map(({ door, user, proof, client }) => ({ door, user, proof, address: client.address })),
    [{ door: 'portal', user: MAC, proof: { kind: 'external', by: 'fas' }, address: ADDRESS }],
  );
  const [session] = opened;
  assert.deepEqual([session?.seconds, session?.most], [600, { sent: 5_000, received: 0 }]);
  assert.deepEqual(waiting(), []);
});

test('what is no list: addresses, a page, an error, a redirect, too much, a line that breaks', async (t) => {
  const { monitor, list, asked } = await lab(t);
  const answers: [RegExp, NonNullable<AuthList['answer']>][] = [
    [/something else than a list/, (_, response) => response.end('127.0.0.1')],
    [/something else than a list/, (_, response) => response.end('<html>')],
    [/answered 500/, (_, response) => response.writeHead(500).end('*')],
    [/answered 302/, (_, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    [/./, (_, response) => response.end(`* ${'x'.repeat(1 << 20)}`)],
    [/./, (request) => request.socket.destroy()],
  ];
  for (const [message, answer] of answers) {
    list.answer = answer;
    await assert.rejects(monitor.round(), (error: Error & { code: string }) => {
      assert.equal(error.code, 'PORTAL_FAS_LIST');
      assert.match(error.message, message);
      return true;
    });
  }
  list.answer = undefined;
  await monitor.round();
  assert.equal(asked.length, 0);
});

test('a certificate of nobody known, or of another name, and the FAS hears nothing', async (t) => {
  for (const [certificate, settings] of [
    ['stranger', {}],
    ['other', {}],
    ['gate', { fas_name: 'elsewhere.test' }],
    ['gate', { fas_ca: undefined }],
  ] as const) {
    const { monitor, list } = await lab(t, { certificate, settings });
    await assert.rejects(monitor.round(), { code: 'PORTAL_FAS_LIST' });
    assert.equal(list.posted.length, 0);
  }
  const { monitor, list } = await lab(t, { settings: { fas_name: undefined } });
  await monitor.round();
  assert.equal(list.posted.length, 1, 'a certificate may name the address');
});

test('trouble is told once in the log and stands in health, without the key, until the FAS answers', async (t) => {
  const told: string[] = [];
  const fail = Promise.withResolvers<void>();
  const well = Promise.withResolvers<void>();
  const log: Log = {
    ...silentLog,
    warn(message, fields) {
      told.push(`${message} ${JSON.stringify(fields)}`);
      fail.resolve();
    },
    info: () => well.resolve(),
  };
  const { monitor, list } = await lab(t, { log, settings: { fas_poll_seconds: 0.01 } });
  list.answer = (_, response) => response.writeHead(503).end(FAS_KEY);
  monitor.begin();
  await fail.promise;
  const { trouble } = monitor;
  assert.deepEqual([trouble?.code, trouble?.severity, trouble?.since], ['PORTAL_FAS_LIST', 'error', 5]);
  assert.match(trouble!.text, /answered 503/);
  assert.doesNotMatch(JSON.stringify([told, trouble]), new RegExp(FAS_KEY));
  list.answer = undefined;
  await well.promise;
  assert.equal(monitor.trouble, undefined);
  assert.equal(told.length, 1);
});
