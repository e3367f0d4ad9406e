/**
 * Which modems are in use, on disk: a program that is killed leaves its note, and the next one puts the modem back.
 *
 * A note holds the strings as well: who restores a modem need not know the account that used it.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModemStrings } from './types.ts';

interface Note {
  readonly pid: number;
  readonly path: string;
  readonly strings: ModemStrings;
}

/** Of this process: a note with its pid that is not among them is of an earlier process with the same. */
const own = new Set<string>();

export function writeNote(directory: string, path: string, strings: ModemStrings): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = fileOf(directory, path);
  const note: Note = { pid: process.pid, path, strings };
  writeFileSync(`${file}.new`, JSON.stringify(note), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  own.add(file);
}

export function clearNote(directory: string, path: string): void {
  const file = fileOf(directory, path);
  own.delete(file);
  rmSync(file, { force: true });
}

/** Notes of processes that are no more. */
export function leftNotes(directory: string): { path: string; strings: ModemStrings }[] {
  let files: string[];
  try {
    files = readdirSync(directory).filter((name) => name.endsWith('.modem'));
  } catch {
    return [];
  }
  return files.flatMap((name) => {
    const file = join(directory, name);
    try {
      const { pid, path, strings } = JSON.parse(readFileSync(file, 'utf8')) as Note;
      return own.has(file) || (pid !== process.pid && isAlive(pid)) ? [] : [{ path, strings }];
    } catch {
      // Half written before a power failure, or just gone: it says nothing any more.
      rmSync(file, { force: true });
      return [];
    }
  });
}

function fileOf(directory: string, path: string): string {
  return join(directory, `${encodeURIComponent(path)}.modem`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
