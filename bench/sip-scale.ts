/**
 * Whether a flow costs the same with a thousand users as with a million: for each size a server of its own on SQLite, durable, with up to
 * 100,000 contacts. Measured are the start until it serves, with nobody and with all contacts there, what memory a contact takes (resident
 * memory after the start with contacts less that without, so everything is in it that a contact brings along), and CPU microseconds per registration.
 *
 * Prints one line of JSON for each size and draws docs/scale.svg. BENCH_SIZES: other numbers of users, e.g. `1000,100000`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Flood } from '../test/peers/flood.ts';
import { type Instance, makeSite, type Site } from '../test/peers/gatehouse.ts';
import { note } from './compare.ts';
import { DOMAIN, passwordOf } from './contenders.ts';
import { cpuSeconds } from './processes.ts';
import { onStage, type Stage } from './stage.ts';

const SIZES = (process.env.BENCH_SIZES ?? '1000,100000,1000000').split(',').map(Number);
const CONTACTS = 100_000;
const PIECE = 50_000;
const RATE = 2000;
const MEASURED_S = 8;
/** Steps through the users so that neighbours in time are none in the table; prime to every size. */
const STRIDE = 7919;
const PICTURE = join(import.meta.dirname, '..', 'docs', 'scale.svg');

interface Result {
  readonly users: number;
  readonly contacts: number;
  /** Milliseconds from the start of the process until it serves. */
  readonly startEmpty: number;
  readonly startFull: number;
  readonly bytesPerContact: number;
  /** CPU microseconds per registration, the database included. */
  readonly perFlow: number;
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
  writeFileSync(PICTURE, picture(results.map(({ users, perFlow }) => [users, perFlow])));
}

async function measure(stage: Stage, users: number): Promise<Result> {
  const userName = (index: number) => `u${(index * STRIDE) % users}`;
  const site = await makeSite(stage, { domains: [DOMAIN] });
  await started(site).then(({ server }) => server.stop());
  const { took: startEmpty, server: empty } = await started(site);
  const memoryBefore = residentBytes(empty.pid);
  await empty.stop();
  note(`sip-scale: importing ${users} users`);
  for (let from = 0; from < users; from += PIECE) {
    stage.check();
    const lines = Array.from({ length: Math.min(PIECE, users - from) }, (_, i) => {
      const user = `u${from + i}`;
      return `${user}@${DOMAIN},${passwordOf(user)},`;
    });
    const { status, stderr } = site.import(lines);
    if (status !== 0) throw new Error(`the users could not be imported:\n${stderr}`);
  }
  const contacts = Math.min(users, CONTACTS);
  const { server: first } = await started(site);
  const flood = await Flood.open({ target: site.sip, domain: DOMAIN, users, userName, passwordOf });
  stage.after(async () => flood.close());
  note(`sip-scale: registering ${contacts} of them`);
  await flood.run('registration', RATE, Math.ceil(contacts / RATE));
  await flood.settle(20_000);
  stage.check();
  const before = cpuSeconds(first.pid);
  const { seconds } = await flood.run('registration', RATE, MEASURED_S);
  await flood.settle(20_000);
  const done = seconds.reduce((sum, one) => sum + one.done, 0);
  const perFlow = ((cpuSeconds(first.pid) - before) * 1e6) / done;
  await first.stop();
  const { took: startFull, server: full } = await started(site);
  const registered = await contactsOf(site);
  const bytesPerContact = (residentBytes(full.pid) - memoryBefore) / registered;
  await full.stop();
  return {
    users,
    contacts: registered,
    startEmpty,
    startFull,
    bytesPerContact: Math.round(bytesPerContact),
    perFlow: Math.round(perFlow),
    failed: RATE * MEASURED_S - done,
  };
}

async function started(site: Site): Promise<{ server: Instance; took: number }> {
  const before = performance.now();
  const server = await site.start();
  return { server, took: Math.round(performance.now() - before) };
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}

async function contactsOf(site: Site): Promise<number> {
  const metrics = await fetch(`http://127.0.0.1:${site.httpPort}/metrics`).then((answer) => answer.text());
  return Number(/^gatehouse_sip_contacts\{table="location"\} (\d+)/m.exec(metrics)?.[1]);
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
