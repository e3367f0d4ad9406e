/** Processes with all their descendants, from /proc: what CPU time they have used, and how to end them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks per second; 100 on all Linux architectures that Node runs on. */
const HZ = 100;

interface Process {
  readonly parent: number;
  /** User and system, seconds. */
  readonly seconds: number;
}

/** User and system seconds that a process and its descendants, living now, have used. */
export function cpuSeconds(root: number): number {
  const all = readAll();
  let total = 0;
  for (const [pid, { seconds }] of all) if (pid === root || descends(pid, root, all)) total += seconds;
  return total;
}

/** User and system seconds of one process, which costs less to ask; 0 when it is gone. */
export function ownCpuSeconds(pid: number): number {
  return read(pid)?.seconds ?? 0;
}

/** Those living now, the process itself not among them. */
export function descendants(root: number): number[] {
  const all = readAll();
  return [...all.keys()].filter((pid) => descends(pid, root, all));
}

/** At once, and without complaint when it ended by itself meanwhile. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function descends(pid: number, root: number, all: ReadonlyMap<number, Process>): boolean {
  for (let at = all.get(pid)?.parent; at !== undefined && at > 0; at = all.get(at)?.parent)
    if (at === root) return true;
  return false;
}

function readAll(): Map<number, Process> {
  const all = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const one = Number.isInteger(pid) ? read(pid) : undefined;
    if (one) all.set(pid, one);
  }
  return all;
}

function read(pid: number): Process | undefined {
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
