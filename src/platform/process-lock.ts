/**
 * A lock that one process holds until it ends, however it ends: an EXCLUSIVE transaction on an empty SQLite file, which is a
 * lock of the kernel (fcntl) that every file system with SQLite databases has. Nothing is ever written into the file.
 *
 * Who holds it stands beside it (`.pid`), for messages alone: it may be missing or old for a moment.
 * Errors: those of SQLite and of the file system, as they come.
 */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

export interface ProcessLock {
  release(): void;
}

export interface LockHolder {
  /** 0: not known. */
  readonly pid: number;
  readonly work: string;
}

/** Kept from the garbage collector, which would close them. */
const held = new Set<DatabaseSync>();

/** The lock, or undefined where another has it. `work`: one word that says what for. */
export function takeLock(path: string, work: string): ProcessLock | undefined {
  makeFile(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  held.add(database);
  const note = noteOf(path);
  try {
    rmSync(note, { force: true });
    writeFileSync(note, `${process.pid} ${work}\n`, { mode: 0o600 });
  } catch {
    // A full disk: the lock holds without.
  }
  return { release };

  function release(): void {
    if (!held.delete(database)) return;
    rmSync(note, { force: true });
    database.close();
  }
}

/** Who has it, as far as it is known. */
export function lockHolder(path: string): LockHolder {
  try {
    const [pid = '', work = ''] = readFileSync(noteOf(path), 'utf8').trim().split(' ');
    return { pid: Number(pid) || 0, work };
  } catch {
    return { pid: 0, work: '' };
  }
}

/** Never opened where it stands: closing it again would end this very process's own lock (POSIX). */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function noteOf(path: string): string {
  return `${path}.pid`;
}
