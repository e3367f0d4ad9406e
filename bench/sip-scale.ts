/**
 * Whether a flow costs the same with a thousand users as with a million: for each size a server of its own on SQLite, durable, with up to
 * 100,000 contacts. Measured are the start until it serves, with nobody and with all of them there (median of three), what memory a contact takes,
 * and CPU microseconds per registration: the first of a user since the start, who is read from the database and gets a contact more, and
 * the ones after it, which find the user and refresh the contact.
 *
 * Prints one line of JSON for each size and draws docs/scale.svg. BENCH_SIZES: other numbers of users, e.g. `1000,100000`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Flood } from '../test/peers/flood.ts';
import { type Instance, makeSite, type Site } from '../test/peers/gatehouse.ts';
import { inspected, inspectHeap } from '../test/peers/heap.ts';
import { freePort } from '../test/peers/ports.ts';
import { note } from './compare.ts';
import { DOMAIN, passwordOf } from './contenders.ts';
import { fill } from './many-users.ts';
import { cpuSeconds } from './processes.ts';
import { onStage, type Stage } from './stage.ts';

const SIZES = (process.env.BENCH_SIZES ?? '1000,100000,1000000').split(',').map(Number);
const CONTACTS = 100_000;
const RATE = 800;
/** Users who register while it is measured; before them the same number of others, until V8 has compiled everything. */
const ACTIVE = 4000;
const WARM_S = 6;
const MEASURED_S = 8;
const STARTS = 3;
/** Steps through the users so that neighbours in time are none in the table; prime to every size. */
const STRIDE = 7919;
const PICTURE = join(import.meta.dirname, '..', 'docs', 'scale.svg');

interface Start {
  /** Milliseconds from the start of the process until it serves. */
  readonly wall: number;
  /** CPU milliseconds, all threads. */
  readonly cpu: number;
}

interface Memory {
  readonly resident: number;
  readonly heap: number;
}

interface Result {
  readonly users: number;
  readonly contacts: number;
  readonly startEmpty: Start;
  readonly startFull: Start;
  readonly residentPerContact: number;
  readonly heapPerContact: number;
  /** CPU microseconds per registration, the database included. */
  readonly first: number | null;
  readonly again: number;
  readonly failed: number;
}

export async function run(): Promise<void> {
  const results: Result[] = [];
  for (const users of SIZES)
    await onStage(async (stage) => {
      const result = await measure(stage, users);
      results.push(result);
      console.log(JSON.stringify({ name: 'sip-scale', ...result }));
    });
  writeFileSync(PICTURE, picture(results.map(({ users, again }) => [users, again])));
}

async function measure(stage: Stage, users: number): Promise<Result> {
  const site = await makeSite(stage, { domains: [DOMAIN] });
  await started(site).then(({ server }) => server.stop());
  const startEmpty = await starts(site);
  const empty = await memory(site);
  stage.check();
  note(`sip-scale: writing ${users} users`);
  const contacts = Math.min(users, CONTACTS);
  const userName = (index: number) => `u${(index * STRIDE) % users}`;
  await fill({ folder: site.folder, domain: DOMAIN, users, contacts, socket: `udp:${site.sip}`, userName, passwordOf });
  const startFull = await starts(site);
  const full = await memory(site);
  stage.check();
  return {
    users,
    contacts,
    startEmpty,
    startFull,
    residentPerContact: Math.round((full.resident - empty.resident) / contacts),
    heapPerContact: Math.round((full.heap - empty.heap) / contacts),
    ...(await costs(stage, site, users, userName)),
  };
}

async function costs(stage: Stage, site: Site, users: number, userName: (index: number) => string) {
  const { server } = await started(site);
  const active = Math.min(ACTIVE, users / 2);
  let from = 0;
  const flood = await Flood.open({
    target: site.sip,
    domain: DOMAIN,
    users: Number.MAX_SAFE_INTEGER,
    userName: (index) => userName(from + (index % active)),
    passwordOf,
  });
  stage.after(async () => flood.close());
  let failed = 0;
  const load = async (seconds: number) => {
    const before = cpuSeconds(server.pid);
    const tally = await flood.run('registration', RATE, seconds);
    await flood.settle(20_000);
    stage.check();
    const done = tally.seconds.reduce((sum, one) => sum + one.done, 0);
    failed += RATE * seconds - done;
    return Math.round(((cpuSeconds(server.pid) - before) * 1e6) / done);
  };
  await load(WARM_S);
  from = active;
  const first = await load(Math.ceil(active / RATE));
  const again = await load(MEASURED_S);
  await server.stop();
  // Half of a thousand users are too few to be timed.
  return { first: active < ACTIVE ? null : first, again, failed };
}

async function starts(site: Site): Promise<Start> {
  const all: Start[] = [];
  for (let i = 0; i < STARTS; i++) {
    const { server, start } = await started(site);
    all.push(start);
    await server.stop();
  }
  const median = (of: (start: Start) => number) => all.map(of).sort((a, b) => a - b)[Math.floor(STARTS / 2)]!;
  return { wall: median(({ wall }) => wall), cpu: median(({ cpu }) => cpu) };
}

async function started(site: Site): Promise<{ server: Instance; start: Start }> {
  const before = performance.now();
  const server = await site.start();
  const wall = Math.round(performance.now() - before);
  return { server, start: { wall, cpu: Math.round(cpuSeconds(server.pid) * 1000) } };
}

/** Of a server that has just started: resident without an inspector, the heap with one. */
async function memory(site: Site): Promise<Memory> {
  const { server } = await started(site);
  const resident = residentBytes(server.pid);
  await server.stop();
  const port = await freePort();
  process.env.NODE_OPTIONS = inspected(port);
  const { server: open } = await started(site).finally(() => delete process.env.NODE_OPTIONS);
  const inspector = await inspectHeap(port);
  const heap = await inspector.used();
  inspector.close();
  await open.stop();
  return { resident, heap };
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 60;
const BOTTOM = 250;
const TOP = 40;

/** Cost over the number of users, the latter by powers of ten; the axis of the cost begins at 0. */
function picture(points: readonly (readonly [users: number, cost: number])[]): string {
  const most = Math.max(100, ...points.map(([, cost]) => cost));
  const step = most > 250 ? 100 : 50;
  const top = Math.ceil((most * 1.1) / step) * step;
  const x = (users: number) => LEFT + 40 + ((Math.log10(users) - 3) / 3) * (WIDTH - LEFT - 100);
  const y = (cost: number) => BOTTOM - (cost / top) * (BOTTOM - TOP);
  const lines: string[] = [];
  for (let cost = 0; cost <= top; cost += step) {
    lines.push(`<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(cost)}" y2="${y(cost)}" stroke="#ddd"/>`);
    lines.push(`<text x="${LEFT - 8}" y="${y(cost) + 4}" text-anchor="end">${cost}</text>`);
  }
  for (const [users, cost] of points) {
    lines.push(`<circle cx="${x(users)}" cy="${y(cost)}" r="4" fill="#1f6f8b"/>`);
    lines.push(`<text x="${x(users)}" y="${y(cost) - 12}" text-anchor="middle">${cost}</text>`);
    lines.push(`<text x="${x(users)}" y="${BOTTOM + 20}" text-anchor="middle">${users.toLocaleString('en')}</text>`);
  }
  const path = points.map(([users, cost]) => `${x(users)},${y(cost)}`).join(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#333" role="img" aria-labelledby="title">
<title id="title">CPU microseconds per registration over the number of users</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="22" font-size="14">CPU microseconds per registration, durable on SQLite</text>
${lines.join('\n')}
<polyline points="${path}" fill="none" stroke="#1f6f8b" stroke-width="2"/>
<text x="${(LEFT + WIDTH) / 2}" y="${BOTTOM + 42}" text-anchor="middle">users</text>
</svg>
`;
}
