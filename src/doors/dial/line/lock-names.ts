/**
 * The names under which programs lock a serial line: its device's and those of every symbolic link to it.
 *
 * UUCP programs take the part behind /dev/ (`ttyS0`), mgetty with `_` for a slash (`pts_1`), KPPP what stands behind the last slash.
 */
import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

const MOST_LINKS = 10;
/** Where udev and people make links to serial devices. */
const LINK_FOLDERS = ['/dev', '/dev/serial/by-id', '/dev/serial/by-path'];

/** Sorted, so that two who take several locks do it in the same order. */
export function lockNames(path: string, folders: readonly string[] = LINK_FOLDERS): string[] {
  const names = new Set<string>();
  for (const each of [...chainOf(resolve(path)), ...linksTo(path, folders)]) {
    if (!each.startsWith('/dev/')) {
      names.add(each.slice(1).replaceAll('/', '_'));
      continue;
    }
    names.add(each.slice('/dev/'.length).replaceAll('/', '_'));
    // `1` of pts/1 is no name of a line.
    if (!/^\d+$/.test(basename(each))) names.add(basename(each));
  }
  return [...names].sort();
}

/** The path, what it links to, and so on to the device. */
function chainOf(path: string): string[] {
  const chain = [path];
  for (let at = path; chain.length < MOST_LINKS; chain.push(at)) {
    try {
      at = resolve(dirname(at), readlinkSync(at));
    } catch {
      break;
    }
  }
  try {
    chain.push(realpathSync(path));
  } catch {
    // Not there: its own name can be locked all the same.
  }
  return chain;
}

function linksTo(path: string, folders: readonly string[]): string[] {
  const device = numberOf(path);
  if (device === undefined) return [];
  return folders.flatMap((folder) => {
    try {
      const links = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
      return links.map(({ name }) => `${folder}/${name}`).filter((link) => numberOf(link) === device);
    } catch {
      return [];
    }
  });
}

/** Of a character device. */
function numberOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isCharacterDevice() ? found.rdev : undefined;
}
