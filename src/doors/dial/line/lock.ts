/**
 * UUCP lock files of a serial line, as mgetty, pppd, minicom and KPPP read and write them: `LCK..NAME` with the pid, ten wide.
 *
 * A lock is written beside and linked into place, so that it is there with its pid or not at all; all names are taken or none. A lock of a process
 * that has ended is stale and goes. An empty file may be one that is just being written: it is stale when it is old. What is no pid at all is left alone.
 *
 * Units: milliseconds. Errors: LINE_LOCKED, LINE_LOCK. Source: the Filesystem Hierarchy Standard 3.0 section 5.9 for the form, mgetty
 * for the binary pid of four bytes.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GatehouseError } from '../../../platform/errors.ts';
import { lockNames } from './lock-names.ts';
import type { LineLock } from './types.ts';

export interface LockOptions {
  /** How long a living holder is waited for. mgetty needs 17 s to let go of a line. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  readonly lockDirectory?: string;
  /** Told once for each other holder: `1234 /sbin/mgetty ttyS0`. */
  onWait?(holder: string): void;
  /** For tests: how often it looks. */
  readonly pollMs?: number;
}

const DIRECTORY = '/var/lock';
const POLL_MS = 500;
/** An empty lock file that nobody has filled after so long is nobody's. */
const EMPTY_MS = 10_000;

/** Held by this process: a file with our own pid that is not among them is left from another process that had the pid. */
const held = new Set<string>();
let made = 0;
// A program that gives up in the middle leaves no locks; only one that is killed does.
process.once('exit', () => releaseAll([...held]));

export async function lockLine(path: string, options: LockOptions): Promise<LineLock> {
  const { waitMs, signal, lockDirectory = DIRECTORY, onWait, pollMs = POLL_MS } = options;
  const files = lockNames(path).map((name) => join(lockDirectory, `LCK..${name}`));
  const end = performance.now() + waitMs;
  for (let told = ''; ; ) {
    const holder = takeAll(files, lockDirectory);
    if (holder === undefined) return { release: () => releaseAll(files) };
    if (holder !== told) onWait?.(holder);
    told = holder;
    if (performance.now() >= end || signal?.aborted) {
      throw new GatehouseError('LINE_LOCKED', `the line is locked by ${holder}`, {
        where: path,
        hint: 'wait until that program has ended; a lock file that names no process can be removed by hand',
      });
    }
    await delay(Math.min(pollMs, Math.max(1, end - performance.now())), undefined, { signal }).catch(() => {});
  }
}

/** The holder of the first that cannot be had; then none is taken. */
function takeAll(files: readonly string[], directory: string): string | undefined {
  made += 1;
  const own = join(directory, `LTMP.${process.pid}.${made}`);
  const taken: string[] = [];
  try {
    writeFileSync(own, `${String(process.pid).padStart(10)}\n`, { mode: 0o644, flag: 'wx' });
    for (const file of files) {
      const holder = take(file, own);
      if (holder !== undefined) {
        releaseAll(taken);
        return holder;
      }
      taken.push(file);
    }
    return undefined;
  } catch (cause) {
    releaseAll(taken);
    throw new GatehouseError('LINE_LOCK', `no lock file can be made: ${(cause as Error).message}`, {
      where: directory,
      hint: 'lock files need write access to this directory (root, or a group that has it)',
      cause,
    });
  } finally {
    rmSync(own, { force: true });
  }
}

function take(file: string, own: string): string | undefined {
  // Twice: a stale one is removed once, and then somebody else may have been faster.
  for (let attempt = 0; ; attempt += 1) {
    try {
      linkSync(own, file);
      held.add(file);
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(file);
    if (holder !== undefined) return holder;
    if (attempt > 0) return 'another program';
    removeStale(file, own);
  }
}

function releaseAll(files: readonly string[]): void {
  for (const file of files) {
    if (held.delete(file)) rmSync(file, { force: true });
  }
}

/** Who has a lock file, for people; undefined: nobody that is alive. */
function holderOf(file: string): string | undefined {
  let bytes: Buffer;
  let age: number;
  try {
    const found = statSync(file);
    if (!found.isFile()) return `${file}, which is no file`;
    age = Date.now() - found.mtimeMs;
    bytes = readFileSync(file).subarray(0, 64);
  } catch {
    return undefined;
  }
  if (bytes.length === 0) return age > EMPTY_MS ? undefined : `${file}, which is empty yet`;
  const pid = pidOf(bytes);
  if (pid === undefined)
    return `${file}, which holds no process id: ${JSON.stringify(bytes.toString('latin1', 0, 20))}`;
  if (pid === process.pid) return held.has(file) ? `${pid} (this process)` : undefined;
  return isAlive(pid) ? `${pid} ${argumentsOf(pid)}`.trim() : undefined;
}

/** Decimal with spaces or zeros before it, perhaps with more behind; or the four bytes that old programs write. */
function pidOf(bytes: Buffer): number | undefined {
  const text = /^\s*(\d{1,10})(?:\s|\0|$)/.exec(bytes.toString('latin1'));
  const pid = text ? Number(text[1]) : bytes.length === 4 ? bytes.readInt32LE() : 0;
  return pid > 0 && pid <= 0x7fff_ffff ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 120);
  } catch {
    return '';
  }
}

/**
 * Takes a stale lock file away. Between the look at it and now somebody may have put a living one there: what was taken away is looked at
 * again, and put back where it lives.
 */
function removeStale(file: string, own: string): void {
  const aside = `${own}.stale`;
  try {
    renameSync(file, aside);
    if (holderOf(aside) !== undefined) linkSync(aside, file);
  } catch {
    // Somebody else took it away, or has the line meanwhile.
  }
  rmSync(aside, { force: true });
}
