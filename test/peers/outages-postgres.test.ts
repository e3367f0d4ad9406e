/** What PostgreSQL can do to us while telephones register. */
// peers: postgres
// alone: refusals and recoveries have deadlines
import { test } from 'node:test';
import { stormySite } from './crash.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { type Outage, prepare, restartAndCompare, type Scene, surviveCuts, surviveOutage } from './outages.ts';
import { startPostgres } from './postgres.ts';

/** The server says it itself; that its disk is full is only what it is made to believe. */
const FULL = `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
  CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE OR DELETE ON location EXECUTE FUNCTION full_disk()`;

test('outages of PostgreSQL under load', async (t) => {
  const database = await startPostgres(t);
  const proxy = await cuttingProxy(t, database.port);
  const proxied = database.url.replace(`:${database.port}/`, `:${proxy.port}/`);
  const { site, storm } = await stormySite(t, database.url, proxied);
  const scene: Scene = { site, storm, server: await site.start() };
  await prepare(scene);
  const readOnly = (value: string) => async () => {
    await database.sql(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
    await database.sql('SELECT pg_reload_conf()');
  };
  const outages: Outage[] = [
    { name: 'stopped', begin: () => database.stop(), end: () => database.start(), unreadable: true },
    { name: 'killed', begin: () => database.kill(), end: () => database.start(), unreadable: true },
    { name: 'frozen', begin: async () => database.freeze(), end: async () => database.thaw(), unreadable: true },
    { name: 'read-only', begin: readOnly('on'), end: readOnly('off'), unreadable: false },
    {
      name: 'full',
      begin: () => database.sql(FULL),
      end: () => database.sql('DROP FUNCTION full_disk CASCADE'),
      unreadable: false,
    },
  ];
  for (const outage of outages) await t.test(outage.name, (t) => surviveOutage(t, scene, outage));
  await t.test('connections cut around a commit', (t) => surviveCuts(t, scene, proxy, /COMMIT|EXECUTE/));
  await t.test('all of it is on the disk', () => restartAndCompare(scene));
});
