/**
 * Whether somebody could put something else in the place of a file: by writing it, or by another entry in a folder on the way to it.
 *
 * Mode and owner tell; lists of access rights (ACLs) count as far as the group's bits show them, which hold their mask.
 */
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

export interface Ids {
  readonly uid: number;
  /** All of its groups. */
  readonly gids: readonly number[];
}

/** More than Linux follows. */
const MOST_STEPS = 200;

/** The first thing on the way to `path` that `who` can change, links followed one by one; undefined: none. */
export function changeableOnTheWay(path: string, who: Ids): string | undefined {
  const left = resolve(path).split('/').filter(Boolean);
  let at = '/';
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const stats = lstatSync(at, { throwIfNoEntry: false });
    // Who could make it was looked at one step before.
    if (stats === undefined) return undefined;
    if (stats.isSymbolicLink()) {
      const [first, ...rest] = [...readlinkSync(at).split('/'), ...left];
      left.splice(0, left.length, ...[first!, ...rest].filter(Boolean));
      at = first === '' ? '/' : dirname(at);
      continue;
    }
    const next = left.shift();
    if (canChange(at, stats, next, who)) return at;
    if (next === undefined) return undefined;
    at = resolve(at, next);
  }
  return path;
}

/** What is no file and no folder, a terminal for instance, is nobody's to put something into. */
function canChange(folder: string, stats: Stats, entry: string | undefined, who: Ids): boolean {
  if (!stats.isDirectory() && !stats.isFile()) return false;
  if (stats.uid === who.uid) return true;
  const mayWrite = (stats.mode & 0o002) !== 0 || ((stats.mode & 0o020) !== 0 && who.gids.includes(stats.gid));
  if (!mayWrite) return false;
  // In a folder like /tmp only what is there already is safe, and only from who does not own it.
  if (!stats.isDirectory() || (stats.mode & 0o1000) === 0 || entry === undefined) return true;
  const owner = lstatSync(resolve(folder, entry), { throwIfNoEntry: false })?.uid;
  return owner === undefined || owner === who.uid;
}
