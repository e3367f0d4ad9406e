/**
 * What starting a program costs the main process: from there, and through the helper. `true`, sixty times each in alternate rounds, from a process
 * that holds 250 MB. CPU microseconds of main and of the helper per run; the longest time in a run that main's loop stood still, median. One JSON
 * line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openHelper } from '../src/platform/helper/helper.ts';

const RUNS = 60;
const ROUNDS = 3;
/** USER_HZ, 100 on every Linux that Node runs on. */
const MICROSECONDS_PER_TICK = 10_000;

const ballast = Array.from({ length: 250 }, (_one, i) => Buffer.alloc(1 << 20, i));
const env = { PATH: '/usr/bin:/bin' };
const helper = openHelper();
const ways = {
  main: async () => void (await once(spawn('true', { env, stdio: 'pipe' }), 'close')),
  helper: async () => void (await helper.run({ file: 'true', args: [], env, timeoutMs: 60_000, maxOutputBytes: 100 })),
};
const found = { main: { own: [0], other: [0], stalls: [0] }, helper: { own: [0], other: [0], stalls: [0] } };

for (const way of Object.values(ways)) await way(); // warm
for (let round = 0; round < ROUNDS; round++) {
  for (const name of ['main', 'helper'] as const) {
    const [own, other] = [process.cpuUsage(), helperMicroseconds()];
    for (let run = 0; run < RUNS; run++) await ways[name]();
    const { user, system } = process.cpuUsage(own);
    found[name].own.push((user + system) / RUNS);
    found[name].other.push((helperMicroseconds() - other) / RUNS);
    for (let run = 0; run < RUNS; run++) found[name].stalls.push(await longestStall(ways[name]));
  }
}
await helper.close();
console.log(JSON.stringify({ bench: 'programs', megabytes: ballast.length, ...report() }));

function report() {
  return Object.fromEntries(
    Object.entries(found).map(([name, { own, other, stalls }]) => [
      name,
      { usMain: median(own), usHelper: median(other), usStall: median(stalls) },
    ]),
  );
}

/** Microseconds: the loop turns as fast as it can meanwhile. */
async function longestStall(way: () => Promise<void>): Promise<number> {
  await delay(5);
  let longest = 0;
  let last = performance.now();
  let done = false;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  await way();
  done = true;
  return 1000 * longest;
}

function helperMicroseconds(): number {
  const fields = readFileSync(`/proc/${helper.pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return MICROSECONDS_PER_TICK * (Number(fields[11]) + Number(fields[12]));
}

function median([, ...values]: readonly number[]): number {
  return Math.round(values.sort((a, b) => a - b)[values.length >> 1]!);
}
