/**
 * How many valid codes a second the gate takes, each of them durable before it counts: HOTP with a PIN, 2,000 people, 64 checks in
 * flight, at the gate alone and over HTTP. And what one costs in CPU microseconds, the worker thread and the database server included.
 * One JSON line. LinOTP 4 was measured at about 20 a second on two cores, over HTTP.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hotp } from '../src/core/tokens/hotp.ts';
import { gateOver, person } from '../src/core/tokens/lab.ts';
import { systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { openStorage } from '../src/storage/open.ts';
import { mariadbMissing, startMariadb } from '../test/peers/mariadb.ts';
import { checksOverHttp } from './otp-http.ts';
import { onStage } from './stage.ts';

const PEOPLE = 2_000;
const EACH = 10;
const IN_FLIGHT = 64;
const PIN = 'geheim';
/** USER_HZ, 100 on every Linux that Node runs on. */
const MICROSECONDS_PER_TICK = 10_000;

const results: Record<string, unknown> = {
  bench: 'otp-check',
  people: PEOPLE,
  checks: PEOPLE * EACH,
  inFlight: IN_FLIGHT,
};
await onStage(async (stage) => {
  const sqlite = (dir: string) => `sqlite:${join(dir, 'gatehouse.db')}`;
  results.sqlite = { ...(await measure(sqlite, () => 0)), http: await checksOverHttp(stage) };
});
if (!mariadbMissing) {
  await onStage(async (stage) => {
    const { url: tcp, socket, pid } = await startMariadb(stage);
    const url = `${tcp.replace(/@127.*\//, '@localhost/')}?socket=${socket}`;
    const atGate = await measure(
      () => url,
      () => cpuOf(pid),
    );
    results.mariadb = { ...atGate, http: await checksOverHttp(stage, { url: tcp, pid }) };
  });
}
console.log(JSON.stringify(results));

async function measure(main: (dir: string) => string, serverCpu: () => number) {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const paths = { auditDir: join(dir, 'audit'), backupDir: join(dir, 'backup') };
  const clock = systemClock;
  const storage = await openStorage({ main: main(dir), ...paths, auditKey: Buffer.alloc(32), log: silentLog, clock });
  const { desk, check } = await gateOver(storage.tokens, storage.journal);
  const names = Array.from({ length: PEOPLE }, (_, i) => `user${i}`);
  const seeds = names.map((name) => Buffer.from(name.padEnd(20, '.')));
  await inPieces(names.length, async (i) => {
    await desk.enrol(
      { type: 'hmac', serial: `T${i}`, seed: seeds[i]!.toString('hex'), pin: PIN, owner: person(names[i]!) },
      'bench',
    );
  });
  const passes = Array.from({ length: PEOPLE * EACH }, (_, n) => {
    return PIN + hotp(seeds[n % PEOPLE]!, Math.floor(n / PEOPLE), 6, 'sha1');
  });
  let proven = 0;
  const [before, serverBefore] = [process.cpuUsage(), serverCpu()];
  const begun = performance.now();
  await inPieces(passes.length, async (n) => {
    const verdict = await check(names[n % PEOPLE]!, passes[n]!);
    if (verdict.verdict === 'proven') proven++;
  });
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  await storage.close();
  rmSync(dir, { recursive: true });
  if (proven !== passes.length) throw new Error(`${proven} of ${passes.length} codes were taken`);
  return {
    perSecond: Math.round(proven / seconds),
    usPerCheck: Math.round((user + system) / proven),
    usServer: Math.round((serverCpu() - serverBefore) / proven),
  };
}

/** So many at once. */
async function inPieces(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

/** Microseconds of CPU that a process has used. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}
