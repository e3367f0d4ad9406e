/**
 * What one binding costs to be made durable: CPU microseconds per put at 4,000 puts/s for 5 s, the worker thread and the
 * database server included. Refreshes of 5,000 bindings, one unit each. One JSON line. What the load generator itself
 * costs (timers and rows, measured without a journal) is taken off and shown as usLoad.
 *
 * Source of the CPU times: process.cpuUsage for this process (all threads), /proc/PID/stat for mariadbd and for
 * all processes of PostgreSQL.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { openStorage } from '../src/storage/open.ts';
import { mariadbMissing, startMariadb } from '../test/peers/mariadb.ts';
import { postgresMissing, startPostgres } from '../test/peers/postgres.ts';

const RATE = Number(process.argv[3] ?? 4_000);
const SECONDS = 5;
const BINDINGS = 5_000;
const TICK_MS = 2;
/** USER_HZ, 100 on every Linux that Node runs on. */
const MICROSECONDS_PER_TICK = 10_000;

const results: Record<string, unknown> = { bench: 'journal', rate: RATE, seconds: SECONDS };
results.sqlite = await measure(
  (dir) => `sqlite:${join(dir, 'gatehouse.db')}`,
  () => [],
);
if (!mariadbMissing) {
  const endings: (() => Promise<void>)[] = [];
  const server = await startMariadb({ after: (work) => void endings.push(work) });
  results.mariadb = await measure(
    () => `${server.url.replace(/@127.*\//, '@localhost/')}?socket=${server.socket}`,
    () => [server.pid],
  );
  for (const work of endings) await work();
}
if (!postgresMissing) {
  const endings: (() => Promise<void>)[] = [];
  const server = await startPostgres({ after: (work) => void endings.push(work) });
  results.postgres = await measure(() => `${server.url}?host=${server.socket}`.replace(/127.0.0.1/, ''), server.pids);
  for (const work of endings) await work();
}
console.log(JSON.stringify(results));

async function measure(main: (dir: string) => string, serverPids: () => number[]) {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const paths = { auditDir: join(dir, 'audit'), backupDir: join(dir, 'backup') };
  const options = { main: main(dir), ...paths, auditKey: Buffer.alloc(32), log: silentLog, clock: systemClock };
  const storage = await openStorage(options);
  const table = { database: 'main', table: 'location', columns: {} };
  await storage.ser.open('location', table);
  let settled = 0;
  let idle = false;
  let refresh = false;
  let failed = 0;
  const waits: number[] = [];
  const put = (n: number) => {
    const begun = performance.now();
    const row = {
      username: String(n),
      domain: '',
      contact: `sip:${n}@192.0.2.17:5060;transport=udp`,
      received: null,
      path: null,
      expires: Date.now() + 3_600_000,
      q: -1,
      callId: `${n}-3848276298220188511@192.0.2.17`,
      cseq: settled,
      flags: 0,
      branchFlags: 0,
      userAgent: 'a telephone/1.2.3',
      socket: 'udp:192.0.2.1:5060',
      methods: 0x1f,
      modified: Date.now(),
    };
    const waiter = {
      settled(error: unknown) {
        settled++;
        if (error) failed++;
        waits.push(performance.now() - begun);
      },
    };
    if (idle) waiter.settled(undefined);
    else storage.journal.append([{ kind: 'put-binding', table, row, refresh }], waiter);
  };
  for (let n = 0; n < BINDINGS; n++) put(n);
  await storage.journal.drain();
  refresh = true;
  await drive(put, RATE, 1); // warm
  await storage.journal.drain();
  idle = true;
  const unloaded = process.cpuUsage();
  await drive(put, RATE, SECONDS);
  const alone = process.cpuUsage(unloaded);
  const load = alone.user + alone.system;
  idle = false;
  waits.length = 0;
  settled = 0;

  const own = process.cpuUsage();
  const server = serverMicroseconds(serverPids());
  await drive(put, RATE, SECONDS);
  await storage.journal.drain();
  const { user, system } = process.cpuUsage(own);
  const peer = serverMicroseconds(serverPids()) - server;
  await storage.close();
  rmSync(dir, { recursive: true, force: true });
  waits.sort((a, b) => a - b);
  const per = (microseconds: number) => Math.round((microseconds / settled) * 10) / 10;
  return {
    puts: settled,
    failed,
    usPerPut: per(user + system - load + peer),
    usGatehouse: per(user + system - load),
    usLoad: per(load),
    usServer: per(peer),
    waitMsP50: Math.round(waits[waits.length >> 1]! * 10) / 10,
    waitMsP99: Math.round(waits[Math.floor(waits.length * 0.99)]! * 10) / 10,
  };
}

/** Even steps after the clock, so that a late timer does not lower the rate. */
function drive(put: (n: number) => void, rate: number, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const begun = performance.now();
    let done = 0;
    const timer = setInterval(() => {
      const due = Math.min(rate * seconds, Math.floor(((performance.now() - begun) * rate) / 1000));
      for (; done < due; done++) put(done % BINDINGS);
      if (done < rate * seconds) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}

function serverMicroseconds(pids: number[]): number {
  const each = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
  });
  return each.reduce((sum, one) => sum + one, 0);
}
