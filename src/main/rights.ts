/**
 * Whom a server runs as: started as root it becomes the user of `run_as`, for good.
 *
 * Errors: RUN_AS_UNKNOWN, RUN_AS_FILES, RUN_AS_PROGRAM, RIGHTS_KEPT.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { giveDataDirectory } from '../core/control/data-directory.ts';
import { GatehouseError } from '../platform/errors.ts';
import { changeableOnTheWay, type Ids } from '../platform/helper/changeable.ts';
import { type Helper, openHelper } from '../platform/helper/helper.ts';
import { exposedIn } from '../platform/helper/permit.ts';
import { createLog, type RootLog } from '../platform/log-pino.ts';
import { findSystemUser, type SystemUser } from '../platform/system-users.ts';
import { permitsOf } from './permits.ts';
import { readSite, type Site, type StartOptions } from './site.ts';

/** Taken where nothing is written down and there is such a user. */
const USUAL = 'gatehouse';

/** What Node's types leave out. */
interface Groups {
  initgroups(user: string, more: number): void;
}

export interface Rights {
  /** Undefined: it stays who it is. */
  readonly become?: SystemUser;
  /** What an administrator should know. */
  readonly notes: readonly string[];
}

export interface Beginning {
  readonly site: Site;
  readonly log: RootLog;
  /** Has root's rights where this process had them. */
  readonly helper: Helper;
  readonly notes: readonly string[];
  /** The helper is gone, and cannot come again. */
  hasFailed(): boolean;
}

/**
 * Before anything is opened. `load`: what this configuration needs of the program, before the rights to its cache of compiled code are gone. Errors: those
 * of this file, of the site and of the data directory.
 */
export async function beginAsUser(options: StartOptions, load: (site: Site) => Promise<unknown>): Promise<Beginning> {
  const found = readSite(options);
  await load(found);
  const log = createLog({ level: found.config.log.level });
  const { become, notes } = chooseRights(found.config.run_as, found.whereIs(['run_as']));
  const ids = become && idsOf(become);
  const permitted = { permits: permitsOf(found), ...(ids && { unchangedBy: ids }) };
  const helper = openHelper({ permitted });
  let hasFailed = false;
  const begun = { log, helper, hasFailed: () => hasFailed };
  if (become === undefined || ids === undefined) return { site: found, notes, ...begun };
  // First of all, while the rights can be inherited.
  helper.startOnce(() => {
    log.error('the helper ended, and cannot be started again with the rights of root: the server ends');
    hasFailed = true;
    process.kill(process.pid, 'SIGTERM');
  });
  await giveDataDirectory(options.dataDir, become);
  refuseExposed(exposedIn(permitted), become);
  const files = [options.configFile, found.config.portal?.config].filter((file) => file !== undefined);
  const told = files
    .filter((file) => changeableOnTheWay(file, ids) !== undefined)
    .map((file) => changeableNote(file, become));
  // What is built in has a name that nothing may stand under.
  const there = found.files.filter((file) => existsSync(file));
  becomeUser(become);
  return { site: readSiteAs(become, options, found, there), notes: [...notes, ...told], ...begun };
}

/** Changing it would be running it. */
function refuseExposed(path: string | undefined, { name }: SystemUser): void {
  if (path === undefined) return;
  throw new GatehouseError(
    'RUN_AS_PROGRAM',
    `the user ${name} can change this, and root is to run it, or what lies in it`,
    {
      where: path,
      hint: 'give it to root, and keep programs in a folder where only root can write, such as /etc/gatehouse',
    },
  );
}

/** The next start reads it as root. */
function changeableNote(file: string, { name }: SystemUser): string {
  return `the user ${name} can change ${file}, which says what root runs: keep it where only root writes (/etc/gatehouse)`;
}

/**
 * Once more, by the user whom root became, so that a reload finds what the start found: where a file is hidden from that user, a built-in one
 * could take its place unseen.
 */
function readSiteAs({ name }: SystemUser, options: StartOptions, found: Site, there: readonly string[]): Site {
  let hidden = there.find(isForbidden);
  if (hidden === undefined) {
    const site = readSite(options);
    hidden = found.files.find((file) => !site.files.includes(file));
    if (hidden === undefined) return site;
  }
  throw new GatehouseError('RUN_AS_FILES', `the user ${name} cannot read this file`, {
    where: hidden,
    hint: `let ${name} enter its folder and read it, or put it elsewhere (/etc/gatehouse)`,
  });
}

function isForbidden(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** `runAs`: as it was written down; `where`: the place. */
export function chooseRights(
  runAs: string | undefined,
  where: string | undefined,
  uid = process.getuid?.(),
  find = findSystemUser,
): Rights {
  if (uid !== 0 || runAs === 'root') return { notes: [] };
  const user = find(runAs ?? USUAL);
  if (user?.uid === 0) return { notes: [] };
  if (user) return { become: user, notes: [] };
  if (runAs === undefined)
    return { notes: [`it runs with all rights of root: there is no user ${USUAL}, and run_as names no other`] };
  throw new GatehouseError('RUN_AS_UNKNOWN', `there is no user ${runAs} on this machine`, {
    ...(where ? { where } : {}),
    hint: `make it: useradd --system ${runAs}; or keep the rights of root with run_as: root`,
  });
}

/** With all groups that the system knows of; only root can ask in this way. */
function idsOf({ name, uid, gid }: SystemUser): Ids {
  const own = process.getgroups!();
  (process as NodeJS.Process & Groups).initgroups(name, gid);
  const gids = process.getgroups!();
  process.setgroups!(own);
  return { uid, gids };
}

/** All threads at once, and no way back. */
function becomeUser({ name, uid, gid }: SystemUser): void {
  (process as NodeJS.Process & Groups).initgroups(name, gid);
  process.setgid!(gid);
  process.setuid!(uid);
  const ids = [process.getuid!(), process.geteuid!(), process.getgid!(), process.getegid!()];
  if (ids.join() !== [uid, uid, gid, gid].join() || canBeRoot())
    throw new GatehouseError('RIGHTS_KEPT', `the rights of root could not be given up for ${name}`, {
      hint: 'does something that Gatehouse runs in (a container, systemd with SecureBits) keep them?',
    });
}

function canBeRoot(): boolean {
  try {
    process.setuid!(0);
    return true;
  } catch {
    return false;
  }
}
