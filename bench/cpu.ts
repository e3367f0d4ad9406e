/** CPU time of processes with all their descendants, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks per second; 100 on all Linux architectures that Node runs on. */
const HZ = 100;

interface ProcessTimes {
  readonly parent: number;
  /** User and system, seconds. */
  readonly seconds: number;
}

/** User and system seconds that the given processes and their descendants, living now, have used. */
export function cpuSeconds(roots: readonly number[]): number {
  const all = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const times = Number.isInteger(pid) ? read(pid) : undefined;
    if (times) all.set(pid, times);
  }
  let total = 0;
  for (const [pid, times] of all) if (descends(pid, all, roots)) total += times.seconds;
  return total;
}

function descends(pid: number, all: ReadonlyMap<number, ProcessTimes>, roots: readonly number[]): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.parent) {
    if (roots.includes(at)) return true;
  }
  return false;
}

function read(pid: number): ProcessTimes | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it ended meanwhile
  }
  // The name in brackets may hold spaces; what follows the last bracket is: state ppid ... utime(12th) stime(13th).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / HZ };
}
