/** What a disk can do to us while telephones register, on SQLite: strace makes the system calls fail that a bad disk fails. */
// peers: strace
// alone: refusals and recoveries have deadlines
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stormySite } from './crash.ts';
import { type Outage, prepare, restartAndCompare, type Scene, surviveOutage } from './outages.ts';
import { strace, type Trace } from './strace.ts';

test('outages of the disk under load, on SQLite', async (t) => {
  const { site, storm } = await stormySite(t);
  const scene: Scene = { site, storm, server: await site.start() };
  await prepare(scene);
  const database = join(site.folder, 'gatehouse.db-wal');
  const audit = join(
    site.folder,
    'audit',
    readdirSync(join(site.folder, 'audit')).find((name) => !name.endsWith('head'))!,
  );

  const outages: Outage[] = [
    failing('disk full', database, 'pwrite64:error=ENOSPC'),
    failing('read-only', database, 'pwrite64:error=EROFS'),
    failing('fsync fails', database, 'fdatasync,fsync:error=EIO'),
    failing('disk slow', database, 'fdatasync,fsync:delay_enter=10s'),
    failing('audit disk full', audit, 'pwrite64:error=ENOSPC'),
    failing('audit fsync fails', audit, 'fdatasync:error=EIO'),
  ];
  for (const outage of outages) await t.test(outage.name, (t) => surviveOutage(t, scene, outage));
  await t.test('all of it is on the disk', () => restartAndCompare(scene));

  function failing(name: string, file: string, injected: string): Outage {
    let tracing: Trace | undefined;
    return {
      name,
      unreadable: false,
      begin: async () => {
        tracing = await strace(t, scene.server.pid, [
          '-P',
          file,
          '-e',
          'trace=pwrite64,fdatasync,fsync',
          '-e',
          `inject=${injected}`,
        ]);
      },
      end: async () => tracing?.stop(),
    };
  }
});
