/**
 * A new directory for the data of a database that a test starts: in memory where there is room. What dies in tests is a process, never the
 * machine, so nothing that they show needs a disk; and hundreds of statements that make tables wait for none.
 */
import { existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** MariaDB and PostgreSQL each begin with some 150 MB. */
const ROOM = 2 ** 31;

export function quickDirectory(name: string): string {
  return mkdtempSync(join(hasRoom() ? MEMORY : tmpdir(), `gatehouse-${name}-`));
}

function hasRoom(): boolean {
  if (!existsSync(MEMORY)) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize > ROOM;
}
