/**
 * A private PostgreSQL for one test or measurement: own data directory, unix socket and a free loopback port, ended by its pid.
 *
 * As root it runs as the user postgres, since postgres refuses to run as root. User and database are both `gatehouse`; the
 * user is no superuser.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '../peers.ts';
import type { Cleanup } from './cleanup.ts';
import { freePort } from './ports.ts';
import { quickDirectory } from './quick-directory.ts';

const run = promisify(execFile);
const SERVER = findProgram('postgres') ?? '';
const INSTALLER = findProgram('initdb') ?? '';
const CLIENT = findProgram('psql') ?? '';
const START_MS = 60_000;

export interface Postgres {
  /** Over TCP. */
  readonly url: string;
  /** Directory of the unix socket. */
  readonly socket: string;
  readonly port: number;
  /** Of the postmaster. */
  readonly pid: number;
  /** Runs statements as superuser in the database `gatehouse` or another; rows come tab-separated without a heading. */
  sql(text: string, database?: string): Promise<string>;
  /** Gives the address of a new database, in which the user gatehouse has carried out the statements. */
  freshDatabase(ddl?: string, encoding?: string): Promise<string>;
  /** The postmaster and all processes of its sessions. */
  pids(): number[];
  /** Ends the sessions in order, as an administrator does (`fast`). */
  stop(): Promise<void>;
  /** Postmaster and sessions by SIGKILL: nothing is written any more. */
  kill(): Promise<void>;
  /** No process of it goes on until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Starts again on the same data, socket and port. */
  start(): Promise<void>;
}

/** Why the tests cannot run here, or false. */
export const postgresMissing: string | false =
  SERVER && INSTALLER && CLIENT ? false : 'postgres is not installed (apt-get install postgresql)';

/** `settings` are lines of postgresql.conf. */
export async function startPostgres(t: Cleanup, settings: readonly string[] = []): Promise<Postgres> {
  const dir = quickDirectory('postgres');
  const data = join(dir, 'data');
  let child: ChildProcess | undefined;
  t.after(async () => {
    thaw();
    await kill();
    rmSync(dir, { recursive: true, force: true });
  });
  const port = await freePort();
  const identity = process.getuid?.() === 0 ? postgresIds() : undefined;
  if (identity) chownSync(dir, identity.uid, identity.gid);
  let lastDatabase = 0;
  const environment = { cwd: dir, env: { ...process.env, PGOPTIONS: '', LC_ALL: 'C' } };
  const create = ['-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-A', 'trust', '--no-instructions'];
  await run(INSTALLER, create, { ...environment, ...identity });

  const peer: Postgres = {
    url: `postgres://gatehouse:s%40cret@127.0.0.1:${port}/gatehouse`,
    socket: dir,
    port,
    get pid() {
      return child!.pid!;
    },
    async sql(text, database = 'gatehouse') {
      const where = ['-h', dir, '-p', String(port), '-U', 'postgres', '-d', database];
      const form = ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1'];
      const psql = run(CLIENT, [...form, ...where], { ...environment, maxBuffer: 64 << 20 });
      psql.child.stdin!.end(text);
      return (await psql).stdout;
    },
    async freshDatabase(ddl = '', encoding = 'UTF8') {
      const name = `fresh_${++lastDatabase}`;
      await createDatabase(name, encoding);
      if (ddl !== '') await peer.sql(`SET ROLE gatehouse; ${ddl}`, name);
      return peer.url.replace(/gatehouse$/, name);
    },
    pids: sessions,
    stop: () => end('SIGINT'),
    kill,
    freeze: () => signalAll('SIGSTOP'),
    thaw,
    start,
  };
  await start();
  await peer.sql("CREATE ROLE gatehouse LOGIN PASSWORD 's@cret'", 'postgres');
  await createDatabase('gatehouse', 'UTF8');
  return peer;

  async function createDatabase(name: string, encoding: string): Promise<void> {
    const how = `OWNER gatehouse TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`;
    await peer.sql(`CREATE DATABASE ${name} ${how}`, 'postgres');
  }

  async function start(): Promise<void> {
    const options = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: dir,
      shared_buffers: '64MB',
      hba_file: accessRules(),
    };
    const lines = [...Object.entries(options).map(([name, value]) => `${name}=${value}`), ...settings];
    const args = ['-D', data, ...lines.flatMap((line) => ['-c', line])];
    child = spawn(SERVER, args, { ...environment, ...identity, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr!.on('data', (text) => {
      said = (said + text).slice(-4_000);
    });
    const limit = Date.now() + START_MS;
    while (!(await answers())) {
      if (!running() || Date.now() > limit) throw new Error(`postgres did not start:\n${said}`);
      await sleep(50);
    }
  }

  /** The test's own hands need no password on the socket; everybody needs one over TCP. */
  function accessRules(): string {
    const file = join(dir, 'access.conf');
    const rules = [
      'local all postgres trust',
      'local all all scram-sha-256',
      'host all all 127.0.0.1/32 scram-sha-256',
    ];
    writeFileSync(file, `${rules.join('\n')}\n`, { mode: 0o644 });
    return file;
  }

  function answers(): Promise<boolean> {
    return peer.sql('SELECT 1', 'postgres').then(
      () => true,
      () => false,
    );
  }

  function running(): boolean {
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ended = child;
    if (!ended || !running()) return;
    const exit = once(ended, 'exit');
    ended.kill(signal);
    await exit;
  }

  /** The sessions do not notice the death of the postmaster at once, and could still write. */
  async function kill(): Promise<void> {
    const all = sessions();
    const ended = end('SIGKILL');
    for (const pid of all) signal(pid, 'SIGKILL');
    await ended;
    while (all.some(lives)) await sleep(10);
  }

  function thaw(): void {
    signalAll('SIGCONT');
  }

  function signalAll(name: NodeJS.Signals): void {
    for (const pid of sessions()) signal(pid, name);
  }

  function sessions(): number[] {
    if (!running()) return [];
    const pid = child!.pid!;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [pid, ...(children === '' ? [] : children.split(' ').map(Number))];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** A dead process whose new parent has not noticed counts as dead. */
function lives(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function postgresIds(): { uid: number; gid: number } {
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}
