/** Kamailio as the peer of a measurement: a process of its own on loopback, with one of the configurations in this folder. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cleanup } from '../../test/peers/cleanup.ts';
import { freePort } from '../../test/peers/ports.ts';
import { descendants, kill } from '../processes.ts';

/** listing: the quick-start listing with MySQL. expert: the same service, all in memory. */
export type KamailioConfiguration = 'listing' | 'expert';

export async function startKamailio(
  stage: Cleanup,
  configuration: KamailioConfiguration,
  databaseUrl: string,
): Promise<{ pid: number; target: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'kamailio-'));
  const port = await freePort();
  const control = `unix:${folder}/control`;
  const define = (name: string, value: string) => ['-A', `${name}=${value}`];
  const child = spawn(
    'kamailio',
    [
      ...['-DD', '-E', '-f', join(import.meta.dirname, `${configuration}.cfg`)],
      ...['-m', '512', '-M', '16', '-P', join(folder, 'pid'), '-Y', folder],
      ...define('PORT', String(port)),
      ...define('DBURL', `"${databaseUrl}"`),
      ...define('CONTROL', `"${control}"`),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'exit');
  stage.after(async () => {
    // Ended in order it would first write back every contact; killed alone it would leave its workers behind.
    for (const pid of [...descendants(child.pid!), child.pid!]) kill(pid);
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said = (said + data).slice(-4000);
  });
  for (let waited = 0; ; waited += 100) {
    const answer = spawnSync('kamcmd', ['-s', control, 'core.uptime'], { stdio: 'ignore', timeout: 5000 });
    if (answer.status === 0) return { pid: child.pid!, target: `127.0.0.1:${port}` };
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || waited > 15_000) throw new Error(`Kamailio does not start:\n${said}`);
    await sleep(100);
  }
}
