/** What MariaDB can do to us while telephones register. */
// peers: mariadb
// alone: refusals and recoveries have deadlines
import { test } from 'node:test';
import { stormySite } from './crash.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { startMariadb } from './mariadb.ts';
import { type Outage, prepare, restartAndCompare, type Scene, surviveCuts, surviveOutage } from './outages.ts';

/** InnoDB in one file that may not grow for ever: a disk that can be full. */
const disk = (size: string) => [
  '--innodb-file-per-table=0',
  `--innodb-data-file-path=ibdata1:12M:autoextend:max:${size}`,
];

test('outages of MariaDB under load', async (t) => {
  const database = await startMariadb(t, disk('24M'));
  await database.sql("REVOKE READ_ONLY ADMIN ON *.* FROM gatehouse@'%'");
  const proxy = await cuttingProxy(t, database.port);
  const proxied = database.url.replace(`:${database.port}/`, `:${proxy.port}/`);
  const { site, storm } = await stormySite(t, database.url, proxied);
  const scene: Scene = { site, storm, server: await site.start() };
  await prepare(scene);
  const outages: Outage[] = [
    { name: 'stopped', begin: () => database.stop(), end: () => database.start(), unreadable: true },
    { name: 'killed', begin: () => database.kill(), end: () => database.start(), unreadable: true },
    {
      name: 'frozen',
      begin: async () => process.kill(database.pid, 'SIGSTOP'),
      end: async () => process.kill(database.pid, 'SIGCONT'),
      unreadable: true,
    },
    {
      name: 'read-only',
      begin: () => database.sql('SET GLOBAL read_only = 1'),
      end: () => database.sql('SET GLOBAL read_only = 0'),
      unreadable: false,
    },
    { name: 'full', begin: fill, end: makeRoom, unreadable: false },
  ];
  for (const outage of outages) await t.test(outage.name, (t) => surviveOutage(t, scene, outage));
  await t.test('connections cut around a commit', (t) => surviveCuts(t, scene, proxy, /COMMIT|INSERT|UPDATE|DELETE/));
  await t.test('all of it is on the disk', () => restartAndCompare(scene));

  async function makeRoom(): Promise<void> {
    await database.stop();
    await database.start(disk('200M'));
  }

  async function fill(): Promise<void> {
    await database.sql('CREATE TABLE junk (text LONGBLOB)');
    for (let size = 4 << 20; size >= 4 << 10; ) {
      const full = await database.sql(`INSERT INTO junk VALUES (REPEAT('x', ${size}))`).catch(() => 'full');
      if (full === 'full') size /= 2;
    }
  }
});
