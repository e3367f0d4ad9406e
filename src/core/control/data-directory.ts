/**
 * The data directory: made, looked at, and held by one process at a time, before anything in it is opened. Two writers would
 * each continue the audit trail where they found it, and break it for both.
 *
 * Errors: DATA_DIRECTORY, DATA_MISSING, DATA_IN_USE, OTHER_OWNER, SERVER_RUNNING.
 */
import { existsSync, statSync } from 'node:fs';
import { access, constants, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatehouseError } from '../../platform/errors.ts';
import { lockHolder, type ProcessLock, takeLock } from '../../platform/process-lock.ts';
import { type SystemUser, systemUserName } from '../../platform/system-users.ts';
import type { Administration } from '../admin/types.ts';
import { connectControl, controlSocketOf } from './client.ts';
import { handOver } from './hand-over.ts';

const WAIT_MS = 20_000;
const LOOK_AGAIN_MS = 50;

export const keyFileOf = (dataDir: string) => join(dataDir, 'gatehouse.key');
export const auditDirectoryOf = (dataDir: string) => join(dataDir, 'audit');
const lockOf = (dataDir: string) => join(dataDir, 'gatehouse.lock');

/** For a command that only reads: a mistyped path must not become a new installation. */
export function requireDataDirectory(dataDir: string): void {
  if (existsSync(keyFileOf(dataDir)) || existsSync(auditDirectoryOf(dataDir))) return;
  const found = statSync(dataDir, { throwIfNoEntry: false });
  const kind = found?.isDirectory() ? 'it holds no data of Gatehouse' : 'it is no directory';
  const why = found ? kind : 'it does not exist';
  throw new GatehouseError('DATA_MISSING', `there is no data directory: ${why}`, {
    where: dataDir,
    hint: 'name it with --data DIR (serctl: GATEHOUSE_DATA); `gatehouse up` or the first `gatehouse user add` makes it',
  });
}

/** Said before anything is read or written there, so that nothing is half-made. Gives what an administrator should know. */
export async function prepareDataDirectory(dataDir: string): Promise<string[]> {
  try {
    await makeDirectories(dataDir);
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unusable(dataDir, cause as NodeJS.ErrnoException);
  }
  const { uid, mode } = statSync(dataDir);
  refuseRootForOther(dataDir, uid);
  return (mode & 0o007) === 0 ? [] : [`others can look into the data directory; run: chmod o-rwx '${dataDir}'`];
}

/** Made and given to the user, while this process is root still. */
export async function giveDataDirectory(dataDir: string, user: SystemUser): Promise<void> {
  try {
    await makeDirectories(dataDir);
    handOver(dataDir, user);
  } catch (cause) {
    throw cause instanceof GatehouseError ? cause : unusable(dataDir, cause as NodeJS.ErrnoException);
  }
}

/** The directory for a server. */
export async function holdForServer(dataDir: string): Promise<ProcessLock> {
  for await (const lock of tries(dataDir, 'server')) {
    if (lock) return lock;
    const { pid, work } = lockHolder(lockOf(dataDir));
    if (work !== 'server') continue; // A command: it will be done in a moment.
    throw new GatehouseError('SERVER_RUNNING', `a server runs on this data directory already (process ${pid})`, {
      where: dataDir,
      hint: `stop it first (kill ${pid}), or name another data directory with --data DIR`,
    });
  }
  throw inUse(dataDir);
}

/** The directory for a command, or the server that has it, as soon as that one listens. */
export async function holdOrConnect(dataDir: string): Promise<ProcessLock | { running: Administration }> {
  for await (const lock of tries(dataDir, 'command')) {
    if (lock) return lock;
    const running = await connectControl(controlSocketOf(dataDir));
    if (running) return { running };
  }
  throw inUse(dataDir);
}

async function* tries(dataDir: string, work: 'server' | 'command'): AsyncGenerator<ProcessLock | undefined> {
  for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(LOOK_AGAIN_MS)) {
    yield lockUnlessTaken(dataDir, work);
  }
}

function lockUnlessTaken(dataDir: string, work: string): ProcessLock | undefined {
  try {
    return takeLock(lockOf(dataDir), work);
  } catch (cause) {
    throw unusable(dataDir, cause as NodeJS.ErrnoException);
  }
}

function inUse(dataDir: string): GatehouseError {
  const { pid, work } = lockHolder(lockOf(dataDir));
  const who = pid === 0 ? 'another process' : `process ${pid}${work === '' ? '' : `, a ${work}`}`;
  return new GatehouseError('DATA_IN_USE', `the data directory is in use by ${who}`, {
    where: dataDir,
    hint: 'wait until it is done, or end it if it hangs',
  });
}

/** What root makes there the owner could not open afterwards. */
function refuseRootForOther(dataDir: string, owner: number): void {
  if (process.getuid?.() !== 0 || owner === 0) return;
  const name = systemUserName(owner);
  const line = [basename(process.argv[1] ?? 'gatehouse'), ...process.argv.slice(2)].map(shellWord).join(' ');
  throw new GatehouseError(
    'OTHER_OWNER',
    `the data directory belongs to ${name}, and files that root makes would not`,
    {
      where: dataDir,
      hint: `run: sudo -u ${shellWord(name)} ${line}`,
    },
  );
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Step by step: Node's own `recursive` never comes back where the file system makes nothing, as in /proc. What it lies in is open to
 * others, so that the user who is given the directory gets to it.
 */
async function makeDirectories(path: string, mode = 0o700): Promise<void> {
  const make = () => mkdir(path, { mode });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return makeDirectories(dirname(path), 0o755).then(make);
    if (error.code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  });
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'it is no directory',
  ENOTDIR: 'a part of its path is no directory',
  EROFS: 'the file system is read-only',
};

function unusable(dataDir: string, cause: NodeJS.ErrnoException): GatehouseError {
  const why = WHY[String(cause.code)] ?? ('errcode' in cause ? cause.message : String(cause.code));
  return new GatehouseError('DATA_DIRECTORY', `the data directory cannot be used: ${why}`, {
    where: dataDir,
    hint: 'name another with --data DIR, or let this user write there',
    cause,
  });
}
