// peers: mariadb postgres
// alone: refusals and recoveries have deadlines
/**
 * An address with two servers, the first of which is stopped, and the second made read only later: what was acknowledged
 * stands on the server that did so. The servers know nothing of each other.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openStorage } from '../../src/storage/open.ts';
import { bindings, storageOptions } from '../../src/storage/storage.contract.ts';
import { startLoad } from './journal-load.ts';
import { startMariadb } from './mariadb.ts';
import { startPostgres } from './postgres.ts';

interface Server {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** It goes on reading. */
  refuseWrites(): Promise<unknown>;
}

async function mariadb(t: TestContext): Promise<Server> {
  const { url, port, stop, start, sql } = await startMariadb(t);
  // Not one of those who may write all the same.
  await sql("CREATE USER plain@'%' IDENTIFIED BY 's@cret'; GRANT ALL ON gatehouse.* TO plain@'%'");
  const refuseWrites = () => sql('SET GLOBAL read_only = 1');
  return { url: url.replace('gatehouse:', 'plain:'), port, stop, start, refuseWrites };
}

async function postgres(t: TestContext): Promise<Server> {
  const { url, port, stop, start, sql } = await startPostgres(t);
  const refuseWrites = async () => {
    await sql('ALTER SYSTEM SET default_transaction_read_only = on');
    await sql('SELECT pg_reload_conf()');
  };
  return { url, port, stop, start, refuseWrites };
}

for (const start of [mariadb, postgres]) {
  test(`${start.name}: the next server takes over under load`, async (t) => {
    const [first, second] = [await start(t), await start(t)];
    for (const { url } of [first, second]) await (await openStorage(storageOptions(t, () => url))).close();
    const both = first.url.replace(`:${first.port}`, `:${first.port},127.0.0.1:${second.port}`);
    const storage = await openStorage(storageOptions(t, () => both));
    const load = startLoad(storage);
    const more = () => {
      const before = load.acknowledged.length;
      return load.until(() => load.acknowledged.length > before + 400);
    };
    await more();
    await first.stop();
    await more();
    assert.equal(await storage.users.count(), 0, 'questions go there too');
    await first.start();
    await more();
    const onSecond = load.acknowledged.length;
    await second.refuseWrites();
    await more();
    load.stop();
    await storage.journal.drain();
    assert.deepEqual(storage.health(), []);
    await storage.close();
    const kept = new Set<string>();
    for (const { url } of [first, second]) {
      const one = await openStorage(storageOptions(t, () => url));
      for (const { contact } of await bindings(one)) kept.add(contact);
      await one.close();
    }
    assert.ok(onSecond > 800);
    assert.deepEqual(
      load.acknowledged.filter((contact) => !kept.has(contact)),
      [],
    );
  });
}
