/**
 * A private MariaDB for one test or measurement: own data directory, unix socket and a free loopback port, ended by its pid.
 *
 * As root it runs as the user mysql, since mariadbd refuses to run as root. Database and user are both `gatehouse`.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '../peers.ts';
import type { Cleanup } from './cleanup.ts';
import { quickDirectory } from './quick-directory.ts';

const run = promisify(execFile);
const SERVER = findProgram('mariadbd') ?? '';
const INSTALLER = findProgram('mariadb-install-db') ?? '';
const CLIENT = findProgram('mariadb') ?? '';
const START_MS = 30_000;

export interface MariaDb {
  /** Over TCP. */
  readonly url: string;
  readonly socket: string;
  readonly port: number;
  readonly pid: number;
  /** Its data directory, with a folder for each database. */
  readonly data: string;
  /** Runs statements as root in the database `gatehouse`; rows come tab-separated without a heading. */
  sql(text: string): Promise<string>;
  /** Shuts down in order, as an administrator does. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Starts again on the same data, socket and port; `options` in place of the ones before. */
  start(options?: readonly string[]): Promise<void>;
}

/** Why the tests cannot run here, or false. */
export const mariadbMissing: string | false =
  SERVER && INSTALLER && CLIENT ? false : 'mariadbd is not installed (apt-get install mariadb-server)';

/** `first`: more arguments of the server. */
export async function startMariadb(t: Cleanup, first: readonly string[] = []): Promise<MariaDb> {
  let options = first;
  const dir = quickDirectory('mariadb');
  const data = join(dir, 'data');
  let child: ChildProcess | undefined;
  t.after(async () => {
    await end('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  const socket = join(dir, 'sock');
  const port = await freePort();
  const asMysql = process.getuid?.() === 0 ? ['--user=mysql'] : [];
  if (asMysql.length > 0) chownSync(dir, ...mysqlIds());
  await run(INSTALLER, [
    '--no-defaults',
    `--datadir=${data}`,
    '--skip-test-db',
    '--auth-root-authentication-method=normal',
    ...asMysql,
    ...options,
  ]);

  const peer: MariaDb = {
    url: `mysql://gatehouse:s%40cret@127.0.0.1:${port}/gatehouse`,
    socket,
    port,
    data,
    get pid() {
      return child!.pid!;
    },
    async sql(text) {
      const { stdout } = await run(CLIENT, [
        '--no-defaults',
        `--socket=${socket}`,
        '-uroot',
        '-BN',
        'gatehouse',
        '-e',
        text,
      ]);
      return stdout;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async start(more = options) {
      options = more;
      child = spawn(
        SERVER,
        [
          '--no-defaults',
          `--datadir=${data}`,
          // A server that starts clears its folder for temporary tables, those of others too.
          `--tmpdir=${dir}`,
          `--socket=${socket}`,
          `--port=${port}`,
          '--bind-address=127.0.0.1',
          `--pid-file=${join(dir, 'pid')}`,
          `--tmpdir=${dir}`,
          '--innodb-buffer-pool-size=64M',
          ...asMysql,
          ...options,
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      let said = '';
      child.stderr!.on('data', (text) => {
        said = (said + text).slice(-4_000);
      });
      const limit = Date.now() + START_MS;
      while (!(await answers())) {
        if (child.exitCode !== null || child.signalCode !== null || Date.now() > limit)
          throw new Error(`mariadbd did not start:\n${said}`);
        await sleep(50);
      }
    },
  };
  await peer.start();
  await run(CLIENT, [
    '--no-defaults',
    `--socket=${socket}`,
    '-uroot',
    '-e',
    "CREATE DATABASE gatehouse; CREATE USER gatehouse@'%' IDENTIFIED BY 's@cret'; GRANT ALL ON *.* TO gatehouse@'%'",
  ]);
  return peer;

  async function answers(): Promise<boolean> {
    const args = ['--no-defaults', `--socket=${socket}`, '-uroot', '-e', 'SELECT 1'];
    return run(CLIENT, args).then(
      () => true,
      () => false,
    );
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  }
}

function mysqlIds(): [uid: number, gid: number] {
  const id = (flag: string) => Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout);
  return [id('-u'), id('-g')];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
