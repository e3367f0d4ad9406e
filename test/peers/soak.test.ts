/**
 * All kinds of load at once for SOAK_SECONDS: registrations, calls, cancelled calls, strays, broken messages, TCP connections that
 * come and go. At the end nothing may be left: no transaction, no waiting run, no timer, no connection or other descriptor, no
 * change or question to the database, no prepared statement; and the heap may not have grown.
 *
 * Unless told otherwise the long run takes an hour on each database, any other ten seconds on SQLite: too short to judge the
 * heap, long enough to see what is left behind.
 */
// peers: mariadb
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { answer, final, header, newBranch, request, type SipClient, sipClient, statusOf } from '../sip-client.ts';
import { Flood } from './flood.ts';
import { makeSite, type Site } from './gatehouse.ts';
import { inspected, inspectHeap } from './heap.ts';
import { type MariaDb, startMariadb } from './mariadb.ts';
import { freePort } from './ports.ts';

const DOMAIN = 'gate.test';
const USERS = 500;
const LONG = process.env.GATEHOUSE_TEST_LONG !== undefined || process.env.SOAK_SECONDS !== undefined;
const SECONDS = Number(process.env.SOAK_SECONDS ?? (LONG ? 3600 : 10));
/** Registrations and calls per second. */
const RATE = 50;
/** The heap is looked at so often; the first half is warming up. */
const LOOKS = 12;
/** Below this the caches still fill, and the heap says nothing. */
const JUDGED_SECONDS = 120;
/** Timers D, H, J and M of RFC 3261 with a margin. */
const LONGEST_TRANSACTION_MS = 60_000;
/** Growth of the heap from the middle to the end that is noise. */
const NOISE = 6 << 20;

const TIMERS = 'gatehouse_sip_timers';
/** Gauges that must come back to zero, save that some timers run always. */
const GAUGES = [
  'gatehouse_sip_transactions{side="server"}',
  'gatehouse_sip_transactions{side="client"}',
  'gatehouse_sip_calls',
  'gatehouse_sip_waiting',
  'gatehouse_sip_waiting_bytes',
  'gatehouse_sip_deferred',
  'gatehouse_sip_connections',
  TIMERS,
  'gatehouse_gate_timers',
  'gatehouse_storage_waiting',
  'gatehouse_storage_asking',
  'gatehouse_users_waiting',
];

const userName = (index: number) => `u${index % USERS}`;
const passwordOf = (user: string) => `pw-${user}`;

describe(`mixed load for ${SECONDS} seconds leaves nothing behind`, () => {
  test('SQLite', (t) => soak(t, undefined));
  if (LONG) test('MariaDB', async (t) => soak(t, await startMariadb(t)));
});

async function soak(t: TestContext, mariadb?: MariaDb): Promise<void> {
  const site = await makeSite(t, { domains: [DOMAIN], ...(mariadb ? { database: mariadb.url } : {}) });
  const users = Array.from({ length: USERS }, (_, i) => `${userName(i)}@${DOMAIN},${passwordOf(userName(i))},`);
  const silent = `silent@${DOMAIN},pw-silent,`;
  assert.equal(site.import([...users, silent]).status, 0);
  const inspector = await freePort();
  process.env.NODE_OPTIONS = inspected(inspector);
  const server = await site.start().finally(() => delete process.env.NODE_OPTIONS);
  const heap = await inspectHeap(inspector);
  const idle = { ...Object.fromEntries(GAUGES.map((name) => [name, 0])), [TIMERS]: (await gauges(site))[TIMERS]! };
  const flood = await Flood.open({ target: site.sip, domain: DOMAIN, users: USERS, userName, passwordOf });
  t.after(() => flood.close());
  await flood.run('registration', 100, Math.ceil(USERS / 100));
  await flood.settle(20_000);
  const before = await held(server.pid, mariadb);

  let over = false;
  const odd = [cancels(t, site, () => over), strays(t, site, () => over), connections(site, () => over)];
  const sizes: number[] = [];
  const slice = Math.max(1, Math.floor(SECONDS / LOOKS));
  const failed = { registration: 0, call: 0 };
  for (let done = 0; done < SECONDS; done += slice) {
    const [registered, called] = await Promise.all([
      flood.run('registration', RATE, slice),
      flood.run('call', RATE / 5, slice),
    ]);
    await flood.settle(20_000);
    for (const second of registered.seconds) failed.registration += second.failed;
    for (const second of called.seconds) failed.call += second.failed;
    sizes.push(await heap.used());
  }
  over = true;
  const counts = await Promise.all(odd);
  t.diagnostic(`heap in MB: ${sizes.map((size) => (size / (1 << 20)).toFixed(1)).join(' ')}`);
  t.diagnostic(`cancelled calls, odd messages, connections: ${counts.join(', ')}`);
  assert.deepEqual(failed, { registration: 0, call: 0 });
  const limit = Date.now() + LONGEST_TRANSACTION_MS;
  const left = async () => ({ ...(await gauges(site)), ...(await held(server.pid, mariadb)) });
  let last = await left();
  while (!isDeepStrictEqual(last, { ...idle, ...before }) && Date.now() < limit) {
    await sleep(500);
    last = await left();
  }
  assert.deepEqual(last, { ...idle, ...before });
  if (SECONDS >= JUDGED_SECONDS) {
    const [middle, end] = [least(sizes.slice(LOOKS / 2, -LOOKS / 4)), least(sizes.slice(-LOOKS / 4))];
    assert.ok(end < middle + NOISE, `the heap grew from ${middle} to ${end}`);
  }
  // Node does not end while somebody inspects it.
  heap.close();
  assert.equal(await server.stop(), 0);
}

/** What the server holds of the system, descriptors by what they are, and of the database. */
async function held(pid: number, mariadb: MariaDb | undefined): Promise<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    const what = descriptorText(`/proc/${pid}/fd/${descriptor}`);
    all[what] = (all[what] ?? 0) + 1;
  }
  if (mariadb === undefined) return all;
  const variables = "'Prepared_stmt_count', 'Threads_connected'";
  const rows = (await mariadb.sql(`SHOW GLOBAL STATUS WHERE Variable_name IN (${variables})`)).trim().split('\n');
  return { ...all, ...Object.fromEntries(rows.map((row) => row.split('\t'))) };
}

/** `socket`, `pipe`, or the path of a file. */
function descriptorText(link: string): string {
  try {
    return readlinkSync(link).replace(/:\[.*\]$/, '');
  } catch {
    return 'closed meanwhile';
  }
}

/** Those of GAUGES. */
async function gauges(site: Site): Promise<Record<string, number>> {
  const text = await fetch(`http://127.0.0.1:${site.httpPort}/metrics`, {
    headers: { connection: 'close' },
  }).then((answer) => answer.text());
  const lines = text.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), line] as const);
  return Object.fromEntries(
    GAUGES.map((name) => {
      const line = lines.find(([start]) => start === name)?.[1];
      assert.ok(line, `no metric ${name}`);
      return [name, Number(line.slice(name.length + 1))];
    }),
  );
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

/** Calls to a telephone that is there and never answers, given up at once. */
async function cancels(t: TestContext, site: Site, isOver: () => boolean): Promise<number> {
  const caller = await sipClient(t, site.sip);
  const callee = await sipClient(t, site.sip);
  await authenticated(callee, 'REGISTER', `sip:${DOMAIN}`, 'silent', [
    `Contact: <sip:silent@${callee.hostPort}>;expires=86400`,
  ]);
  let count = 0;
  for (; !isOver(); count++) {
    const uri = `sip:silent@${DOMAIN}`;
    const callId = `cancel-${count}-${newBranch()}`;
    const options = { method: 'INVITE', uri, from: `sip:u1@${DOMAIN}`, to: uri, callId };
    caller.send(request(caller, options));
    const challenge = await final(caller);
    if (statusOf(challenge) !== 407) continue;
    const branch = newBranch();
    caller.send(
      request(caller, { ...options, cseq: 2, branch, headers: [answer(challenge!, 'INVITE', uri, 'u1', 'pw-u1')] }),
    );
    await callee.receive();
    caller.send(request(caller, { ...options, method: 'CANCEL', cseq: 2, branch }));
    for (let reply = await final(caller); reply !== undefined; reply = await final(caller)) {
      if (statusOf(reply) !== 487) continue;
      const to = header(reply, 'To')!;
      caller.send(request(caller, { ...options, method: 'ACK', cseq: 2, branch, to }));
      break;
    }
    callee.inbox.length = 0;
    await sleep(100);
  }
  return count;
}

async function authenticated(client: SipClient, method: string, uri: string, user: string, headers: string[]) {
  const aor = `sip:${user}@${DOMAIN}`;
  const options = { method, uri, from: aor, to: aor, callId: newBranch() };
  client.send(request(client, { ...options, headers }));
  const challenge = await final(client);
  client.send(
    request(client, {
      ...options,
      cseq: 2,
      headers: [...headers, answer(challenge!, method, uri, user, `pw-${user}`)],
    }),
  );
  assert.equal(statusOf(await final(client)), 200);
}

/** What belongs to nothing, what is broken, and who gives a wrong password. */
async function strays(t: TestContext, site: Site, isOver: () => boolean): Promise<number> {
  const client = await sipClient(t, site.sip);
  const own = `sip:u2@${DOMAIN}`;
  const of = (method: string, more: object = {}) => request(client, { method, uri: own, from: own, to: own, ...more });
  let count = 0;
  for (; !isOver(); count++) {
    const whole = of('OPTIONS');
    client.send('\r\n\r\n');
    client.send('this is not SIP');
    client.send(whole.slice(0, 20 + (count % (whole.length - 20))));
    client.send(of('BYE', { to: `<${own}>;tag=nobody` }));
    client.send(of('CANCEL'));
    client.send(of('ACK', { to: `<${own}>;tag=nobody` }));
    client.send(of('OPTIONS', { uri: `sip:nobody-${count}@${DOMAIN}` }));
    client.send(of('REGISTER', { uri: `sip:${DOMAIN}`, headers: [`Contact: <sip:u2@${client.hostPort}>`] }));
    client.send(`SIP/2.0 200 OK\r\n${whole.slice(whole.indexOf('\r\n') + 2)}`);
    await sleep(50);
    client.inbox.length = 0;
  }
  return count;
}

/** Connections that ask something, leave in the middle of a message, or say nothing. */
async function connections(site: Site, isOver: () => boolean): Promise<number> {
  let count = 0;
  for (; !isOver(); count++) {
    const socket = createConnection(site.sipPort, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const from = `127.0.0.1:${socket.localPort}`;
    const text = [
      `OPTIONS sip:${DOMAIN} SIP/2.0`,
      `Via: SIP/2.0/TCP ${from};branch=${newBranch()}`,
      `From: <sip:u3@${DOMAIN}>;tag=a`,
      `To: <sip:u3@${DOMAIN}>`,
      `Call-ID: tcp-${count}`,
      'CSeq: 1 OPTIONS',
      'Content-Length: 0\r\n\r\n',
    ].join('\r\n');
    if (count % 3 === 0) {
      socket.write(text);
      await once(socket, 'data');
    } else if (count % 3 === 1) socket.write(text.slice(0, 100));
    socket.destroy();
    await sleep(50);
  }
  return count;
}
