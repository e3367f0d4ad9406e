/** Kamailio as the peer of a measurement: a process of its own on loopback, with one of the configurations in bench/kamailio. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface KamailioOptions {
  readonly configuration: 'listing' | 'expert';
  readonly port: number;
  /** `mysql://user:password@127.0.0.1:3307/ser`. */
  readonly database: string;
}

export interface RunningPeer {
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startKamailio(options: KamailioOptions): Promise<RunningPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'kamailio-'));
  const control = `unix:${folder}/control`;
  const define = (name: string, value: string) => ['-A', `${name}=${value}`];
  const child = spawn(
    'kamailio',
    [
      ...['-DD', '-E', '-f', join(import.meta.dirname, 'kamailio', `${options.configuration}.cfg`)],
      ...['-m', '512', '-M', '16', '-P', join(folder, 'pid'), '-Y', folder],
      ...define('PORT', String(options.port)),
      ...define('DBURL', `"${options.database}"`),
      ...define('CONTROL', `"${control}"`),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (data) => {
    said = (said + data).slice(-4000);
  });
  const exited = once(child, 'exit');
  for (let waited = 0; ; waited += 100) {
    const answer = spawnSync('kamcmd', ['-s', control, 'core.uptime'], { stdio: 'ignore', timeout: 5000 });
    if (answer.status === 0) break;
    if (child.exitCode !== null || waited > 15_000) throw new Error(`Kamailio does not start:\n${said}`);
    await sleep(100);
  }
  return {
    pid: child.pid!,
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
