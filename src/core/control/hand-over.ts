/**
 * Gives a data directory that root made to the user whom the server is about to become.
 *
 * Only what is root's and plainly ours, so that a wrong `--data` gives nobody /etc: the directory must be empty, or hold Gatehouse's files. One
 * that belongs to the user already is left as it stands: whoever can write into it could have put a hard link there to something else. Each
 * directory is held open and its entries are named from there, links are never followed, and it is given away after what lies in it: until then
 * nobody but root can change it, and one that was left half done is done again.
 *
 * Errors: DATA_DIRECTORY, OTHER_OWNER.
 */
import { closeSync, constants, fchownSync, fstatSync, lchownSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { GatehouseError } from '../../platform/errors.ts';
import { type SystemUser, systemUserName } from '../../platform/system-users.ts';

const OURS = ['gatehouse.key', 'gatehouse.yaml', 'gatehouse.lock', 'audit'];
const MOST_ENTRIES = 100_000;
const DEEPEST = 8;
const OTHERS_WRITE = 0o022;

export function handOver(dataDir: string, user: SystemUser): void {
  const top = openSync(dataDir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const { uid, mode } = fstatSync(top);
    if (uid === user.uid) return;
    if (uid !== 0)
      throw new GatehouseError(
        'OTHER_OWNER',
        `the data directory belongs to ${systemUserName(uid)}, and the server would run as ${user.name}`,
        { where: dataDir, hint: `say run_as: ${systemUserName(uid)}, or run: chown -R ${user.name}: '${dataDir}'` },
      );
    const names = readdirSync(entriesOf(top));
    if ((mode & OTHERS_WRITE) !== 0 || (names.length > 0 && !names.some((name) => OURS.includes(name))))
      throw notOurs(dataDir, user, 'others can write there, or it holds other things than those of Gatehouse');
    let left = MOST_ENTRIES;
    give(top, 0);

    function give(directory: number, depth: number): void {
      for (const name of readdirSync(entriesOf(directory))) {
        const path = `${entriesOf(directory)}/${name}`;
        const found = lstatSync(path);
        if (--left < 0 || depth > DEEPEST) throw notOurs(dataDir, user, 'it holds too much');
        if (found.uid !== 0) continue;
        if (found.isDirectory()) giveBelow(path, depth + 1);
        else if (found.nlink === 1) lchownSync(path, user.uid, user.gid);
        else throw notOurs(dataDir, user, `${name} has another name elsewhere (a hard link)`);
      }
      fchownSync(directory, user.uid, user.gid);
    }

    function giveBelow(path: string, depth: number): void {
      const directory = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      try {
        if ((fstatSync(directory).mode & OTHERS_WRITE) !== 0) throw notOurs(dataDir, user, 'others can write into it');
        give(directory, depth);
      } finally {
        closeSync(directory);
      }
    }
  } finally {
    closeSync(top);
  }
}

/** Whatever stands at its path by now. */
function entriesOf(directory: number): string {
  return `/proc/self/fd/${directory}`;
}

function notOurs(dataDir: string, { name }: SystemUser, why: string): GatehouseError {
  return new GatehouseError('DATA_DIRECTORY', `the data directory is root's and is not given to ${name}: ${why}`, {
    where: dataDir,
    hint: `look at it, and run: chown -R ${name}: '${dataDir}'`,
  });
}
