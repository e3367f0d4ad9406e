/**
 * Access-Requests by PAP and CHAP, all of them signed and right: Gatehouse with its users in SQLite and in MariaDB, beside FreeRADIUS with
 * files and with SQL, in one run. What counts is the server's CPU per request, its database included; the rate is that of a driver in this
 * process on the same processors. One line of JSON.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { ATTRIBUTE, CODE } from '../src/platform/radius/numbers.ts';
import { writeRequest } from '../src/platform/radius/request.ts';
import { hidePassword } from '../src/platform/radius/user-password.ts';
import type { Cleanup } from '../test/peers/cleanup.ts';
import { makeSite } from '../test/peers/gatehouse.ts';
import { mariadbMissing, startMariadb } from '../test/peers/mariadb.ts';
import { freePort } from '../test/peers/ports.ts';
import { freeRadiusKnowsMysql, type RadiusStore, type RadiusUser, startBenchServer } from './freeradius.ts';
import { cpuSeconds } from './processes.ts';
import { onStage } from './stage.ts';

const USERS = 1_000;
const REQUESTS = 8_000;
const WARM = 1_600;
const SOCKETS = 8;
/** In flight on each. */
const WINDOW = 8;
const ROUNDS = 2;
const SECRET = 'a secret of the measurement';
const KEY = Buffer.from(SECRET);
const METHODS = ['pap', 'chap'] as const;
type Method = (typeof METHODS)[number];

const people: RadiusUser[] = Array.from({ length: USERS }, (_, i) => ({ name: `u${i}`, password: `pw-of-u${i}` }));

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly processes: readonly number[];
}

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const contenders = [
      await gatehouse(stage, 'gatehouse sqlite'),
      ...(mariadbMissing ? [] : [await gatehouseOnMariadb(stage)]),
      await freeRadius(stage, 'files', 'files'),
      await freeRadius(stage, 'sqlite', 'sqlite'),
      ...(mariadbMissing || !freeRadiusKnowsMysql ? [] : [await freeRadiusOnMariadb(stage)]),
    ];
    const results: Record<string, { perSecond: number[]; usPerRequest: number[] }> = {};
    for (let round = 0; round <= ROUNDS; round++) {
      for (const method of METHODS) {
        for (const contender of contenders) {
          stage.check();
          // The first round warms up.
          const one = await measure(contender, method, round === 0 ? WARM : REQUESTS);
          if (round === 0) continue;
          const name = `${contender.name} ${method}`;
          const result = results[name] ?? { perSecond: [], usPerRequest: [] };
          results[name] = result;
          result.perSecond.push(one.perSecond);
          result.usPerRequest.push(one.usPerRequest);
        }
      }
    }
    const lacks = mariadbMissing || freeRadiusKnowsMysql ? undefined : 'freeradius-mysql is not installed';
    console.log(JSON.stringify({ bench: 'radius', users: USERS, requests: REQUESTS, lacks, results }));
  });
}

async function gatehouse(stage: Cleanup, name: string, database?: { url: string; pid: number }): Promise<Contender> {
  const port = await freePort();
  const client = `{ name: bench, address: 127.0.0.1, secret: ${JSON.stringify(SECRET)} }`;
  const yaml = `radius: { listen: ["127.0.0.1:${port}"], accounting: [], clients: [${client}] }`;
  const site = await makeSite(stage, { yaml, ...(database ? { database: database.url } : {}) });
  const imported = site.import(people.map((one) => `${one.name},${one.password},`));
  if (imported.status !== 0) throw new Error(imported.stderr);
  const server = await site.start();
  stage.after(async () => void (await server.stop('SIGKILL')));
  return { name, port, processes: [server.pid, ...(database ? [database.pid] : [])] };
}

async function gatehouseOnMariadb(stage: Cleanup): Promise<Contender> {
  return gatehouse(stage, 'gatehouse mariadb', await startMariadb(stage));
}

async function freeRadius(stage: Cleanup, name: string, store: RadiusStore, more: number[] = []): Promise<Contender> {
  const { pid, port } = await startBenchServer(stage, store, people, SECRET);
  return { name: `freeradius ${name}`, port, processes: [pid, ...more] };
}

async function freeRadiusOnMariadb(stage: Cleanup): Promise<Contender> {
  const database = await startMariadb(stage);
  return freeRadius(stage, 'mariadb', database, [database.pid]);
}

async function measure({ port, processes }: Contender, method: Method, count: number) {
  const lanes = Array.from({ length: SOCKETS }, (_, lane) => packetsOf(method, lane, count / SOCKETS));
  const cpu = () => processes.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = cpu();
  const begun = performance.now();
  await Promise.all(lanes.map((packets) => drive(port, packets)));
  const seconds = (performance.now() - begun) / 1000;
  return { perSecond: Math.round(count / seconds), usPerRequest: Math.round((1e6 * (cpu() - before)) / count) };
}

function packetsOf(method: Method, lane: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, n) => {
    const { name, password } = people[(lane * count + n) % USERS]!;
    const authenticator = randomBytes(16);
    const identifier = n % 256;
    const proof =
      method === 'pap'
        ? { type: ATTRIBUTE.userPassword, value: hidePassword(Buffer.from(password), authenticator, KEY) }
        : { type: ATTRIBUTE.chapPassword, value: chapOf(password, authenticator) };
    const attributes = [{ type: ATTRIBUTE.userName, value: Buffer.from(name) }, proof];
    return writeRequest({ code: CODE.accessRequest, identifier, authenticator, attributes }, KEY);
  });
}

function chapOf(password: string, challenge: Buffer): Buffer {
  const digest = createHash('md5').update(Buffer.of(1)).update(password).update(challenge).digest();
  return Buffer.concat([Buffer.of(1), digest]);
}

/** Sends all of them, some in flight at a time; what is lost is sent again. Throws for an answer that is no Accept. */
async function drive(port: number, packets: readonly Buffer[]): Promise<void> {
  const socket: Socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const flying = new Map<number, Buffer>();
  let next = 0;
  let answered = 0;
  await new Promise<void>((resolve, reject) => {
    let seen = 0;
    const again = setInterval(() => {
      if (seen === answered) for (const packet of flying.values()) socket.send(packet);
      seen = answered;
    }, 1000);
    const send = () => {
      const packet = packets[next++];
      if (packet === undefined) return;
      flying.set(packet[1]!, packet);
      socket.send(packet);
    };
    socket.on('error', reject);
    socket.on('message', (reply) => {
      if (!flying.delete(reply[1]!)) return;
      if (reply[0] !== CODE.accessAccept) reject(new Error(`answered with code ${reply[0]}`));
      answered++;
      if (answered === packets.length) {
        clearInterval(again);
        resolve();
      } else send();
    });
    for (let i = 0; i < WINDOW; i++) send();
  });
  socket.close();
}
