/**
 * 32 lines at once on the exchange: calls per second, then data both ways on all of them at 57,600 bit/s, and what CPU a line costs.
 *
 * The driver (this process) and the exchange (its own process, with the helper that holds the pseudo terminals) are counted apart. Times are real
 * ones: a second of a modem is a second, guard times too, so that the rate of calls is what such modems can do, and the CPU is what counts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openModem } from '../src/doors/dial/modem/modem.ts';
import { DEFAULT_STRINGS } from '../src/doors/dial/modem/strings.ts';
import type { Call, DialResult, Modem } from '../src/doors/dial/modem/types.ts';

const LINES = 32;
const CALLS_MS = 20_000;
const DATA_MS = 15_000;
/** So much is written ahead, as a program on a serial line has it in the kernel's buffer. */
const CHUNK = Buffer.alloc(1024, 0x55);
const TICK = 10; // USER_HZ in ms
const TIMEOUT = { timeoutMs: 60_000 };

export async function run(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const command = join(import.meta.dirname, '..', 'bin', 'gatehouse');
  const args = ['exchange', '--dir', directory, '--lines', String(LINES), '--json'];
  const exchange = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(exchange.stdout, 'data');
  const paths = Array.from({ length: LINES }, (_, line) => join(directory, `modem${line + 1}`));
  const modems = await Promise.all(paths.map((path) => openModem(path, { ...DEFAULT_STRINGS, volume: '' })));
  await Promise.all(modems.map((modem) => modem.init()));
  const pairs = Array.from({ length: LINES / 2 }, (_, pair) => ({
    caller: modems[2 * pair]!,
    callee: modems[2 * pair + 1]!,
    number: String(1002 + 2 * pair),
  }));
  const cpu = () => ({ driver: ownCpu(), exchange: cpuOf(exchange.pid!) });
  try {
    const calls = await measured(cpu, async () => {
      const end = performance.now() + CALLS_MS;
      const counts = await Promise.all(
        pairs.map(async ({ caller, callee, number }) => {
          let count = 0;
          for (; performance.now() < end; count += 1) {
            await call(caller, callee, number);
            await Promise.all([caller.hangUp(), callee.hangUp()]);
          }
          return count;
        }),
      );
      return counts.reduce((sum, count) => sum + count);
    });
    report('calls', {
      calls: calls.result,
      callsPerSecond: round(calls.result / (calls.ms / 1000)),
      driverMsPerCall: round(calls.driver / calls.result),
      exchangeMsPerCall: round(calls.exchange / calls.result),
    });

    const ends = (await Promise.all(pairs.map(({ caller, callee, number }) => call(caller, callee, number)))).flat();
    const data = await measured(cpu, async () => {
      const received = ends.map(count);
      const pumps = ends.map(pump);
      await new Promise((resolve) => setTimeout(resolve, DATA_MS));
      for (const timer of pumps) clearInterval(timer);
      return received.reduce((sum, { bytes }) => sum + bytes, 0);
    });
    report('data', {
      bitsPerSecondAndDirection: Math.round((data.result * 10) / LINES / (data.ms / 1000)),
      driverPercentPerLine: round((data.driver / data.ms / LINES) * 100),
      exchangePercentPerLine: round((data.exchange / data.ms / LINES) * 100),
    });
  } finally {
    await Promise.all(modems.map((modem) => modem.close()));
    exchange.kill('SIGTERM');
    await once(exchange, 'close');
    rmSync(directory, { recursive: true, force: true });
  }
}

async function call(caller: Modem, callee: Modem, number: string): Promise<[Call, Call]> {
  const dialled = caller.dial(number, TIMEOUT);
  await callee.waitForRing(TIMEOUT);
  const [there, here] = await Promise.all([dialled, callee.answer(TIMEOUT)]);
  return [callOf(there), callOf(here)];
}

function callOf(result: DialResult): Call {
  if (result.kind !== 'connected') throw new Error(`the call came to: ${result.kind}`);
  return result.call;
}

function count(call: Call): { bytes: number } {
  const seen = { bytes: 0 };
  call.listen((bytes) => {
    seen.bytes += bytes.length;
  });
  return seen;
}

/** Slightly more than the line carries: the exchange holds it back. */
function pump(call: Call): NodeJS.Timeout {
  return setInterval(() => call.write(CHUNK), 170);
}

async function measured(cpu: () => { driver: number; exchange: number }, work: () => Promise<number>) {
  const before = cpu();
  const start = performance.now();
  const result = await work();
  const ms = performance.now() - start;
  const after = cpu();
  return { result, ms, driver: after.driver - before.driver, exchange: after.exchange - before.exchange };
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Of a process and its children, in milliseconds. */
function cpuOf(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean);
  });
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  const own = (Number(fields[11]) + Number(fields[12])) * TICK;
  return children.reduce((sum, child) => sum + cpuOf(Number(child)), own);
}

function report(what: string, figures: Record<string, number>): void {
  console.log(JSON.stringify({ bench: 'dial', what, lines: LINES, ...figures }));
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
