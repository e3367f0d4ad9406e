// peers: postgres
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { LocationSpec } from '../../src/core/ser/types.ts';
import { wireText } from '../../src/core/ser/wire-text.ts';
import { silentLog } from '../../src/platform/log.ts';
import { CRASH_STEP, watched } from '../../src/storage/migrations/crash.contract.ts';
import { migrateUp } from '../../src/storage/migrations/migrate.ts';
import { openStorage } from '../../src/storage/open.ts';
import { openPostgresDatabase } from '../../src/storage/postgres/database.ts';
import { Tables } from '../../src/storage/ser/tables.ts';
import {
  binding,
  bindings,
  byCallIdAsItStands,
  LOCATION,
  put,
  remove,
  SUBSCRIBER,
  storageContract,
  storageOptions,
  written,
} from '../../src/storage/storage.contract.ts';
import { type PostgresAddress, parseDatabaseUrl } from '../../src/storage/url.ts';
import { startLoad } from './journal-load.ts';
import { type Postgres, postgresMissing, startPostgres } from './postgres.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'ser');
const KAMAILIO_SQL = '/usr/share/kamailio/postgres';
const LAYOUTS = {
  'kamailio-5.6': existsSync(KAMAILIO_SQL)
    ? ['standard', 'usrloc'].map((name) => readFileSync(`${KAMAILIO_SQL}/${name}-create.sql`, 'utf8')).join('')
    : readFileSync(join(FIXTURES, 'postgres-kamailio-5.6.sql'), 'utf8'),
  'openser-1.3': readFileSync(join(FIXTURES, 'postgres-openser-1.3.sql'), 'utf8'),
  'ser-0.9': readFileSync(join(FIXTURES, 'postgres-ser-0.9.sql'), 'utf8'),
};
const COLUMNS = `SELECT table_name, column_name, data_type, character_maximum_length, column_default, is_nullable
  FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position`;

function suite(): void {
  let server: Postgres;
  const endings: (() => Promise<void>)[] = [];

  before(async () => {
    server = await startPostgres({ after: (work) => void endings.push(work) });
  });
  after(async () => {
    for (const work of endings) await work();
  });

  const inDatabase = (url: string, text: string) => server.sql(text, url.slice(url.lastIndexOf('/') + 1));

  storageContract('postgres', () => server.freshDatabase());
  for (const encoding of ['SQL_ASCII', 'LATIN1']) {
    test(`a database in ${encoding}: what came over the wire comes back, and users have any name`, async (t) => {
      const url = await server.freshDatabase('', encoding);
      const storage = await openStorage(storageOptions(t, () => url));
      const bytes = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i + 128)).join('');
      const rows = [binding(`sip:${wireText('żółw')}@h`), binding(`sip:${bytes}@h`, { username: '\xe9' })];
      assert.equal(await written(storage, ...rows.map((row) => put(row))), undefined);
      assert.deepEqual(
        await bindings(storage),
        rows.sort((a, b) => (a.contact < b.contact ? -1 : 1)),
      );
      assert.equal(await written(storage, ...rows.map((row) => remove(row))), undefined);
      assert.deepEqual(await bindings(storage), []);
      const login = { name: 'żółw', domain: '' };
      const user = await storage.users.create({ logins: [login], email: 'ü@h', created: 1 }, () => null, {
        subscriber: SUBSCRIBER,
      });
      assert.deepEqual(await storage.users.find([login]), [{ login, user }]);
      assert.deepEqual(await storage.users.list({ limit: 9, prefix: 'żó' }), [user]);
      const [shown] = await storage.ser.listSubscribers(SUBSCRIBER, { limit: 9 });
      assert.equal(shown!.username, wireText('żółw'));
      await storage.close();
    });
  }

  test('a database in an encoding of several bytes that is not UTF-8 is refused', async (t) => {
    const url = await server.freshDatabase('', 'EUC_JP');
    await assert.rejects(openStorage(storageOptions(t, () => url)), { code: 'STORAGE_ENCODING', message: /EUC_JP/ });
  });

  test('a kill in the middle of the migrations: the next start makes the rest, and all tables are own', async (t) => {
    const { backupDir } = storageOptions(t, () => '');
    const options = { backupDir, now: Date.now, info: () => {} };
    let died = true;
    let crash = 1;
    for (; died; crash += CRASH_STEP) {
      const address = parseDatabaseUrl(await server.freshDatabase()) as PostgresAddress;
      const dying = openPostgresDatabase(address);
      died = false;
      const run = migrateUp(
        watched(dying, (statement) => {
          if (statement < crash) return;
          died = true;
          throw new Error('killed');
        }),
        options,
      );
      await run.catch(() => assert.ok(died));
      await dying.close();
      const db = openPostgresDatabase(address);
      await migrateUp(db, options);
      const tables = new Tables(new Map([['main', db]]), () => {});
      for (const report of [await tables.openSubscriber(SUBSCRIBER), await tables.openLocation(LOCATION)]) {
        assert.deepEqual(report, { attached: false, layout: 'gatehouse' }, `killed before statement ${crash}`);
      }
      await db.close();
    }
    assert.ok(crash > 20, `${crash} statements`);
  });

  for (const [layout, ddl] of Object.entries(LAYOUTS)) {
    test(`an attached ${layout} location is used as it stands`, async (t) => {
      const url = await server.freshDatabase(ddl);
      const before = await inDatabase(url, COLUMNS);
      const ruid = layout === 'kamailio-5.6';
      await inDatabase(
        url,
        `INSERT INTO location (username, domain, contact, ${ruid ? 'ruid, ' : ''}expires, cseq)
           VALUES ('żółw', 'd', 'sip:old@h', ${ruid ? "'uloc-1', " : ''}'2035-01-01 00:00:00', 7);
         INSERT INTO location (username, contact) VALUES ('hand', 'sip:hand@h')`,
      );
      const storage = await openStorage(storageOptions(t, () => url));
      assert.deepEqual(await storage.ser.open('location', LOCATION), { attached: true, layout });
      const now = 1_800_000_000_000;
      const loaded = await bindings(storage, LOCATION, now);
      const hand = loaded.find(({ username }) => username === 'hand')!;
      const old = loaded.find(({ username }) => username === wireText('żółw'))!;
      assert.equal(hand.expires, 0, 'a default of the schema means for ever');
      assert.equal(old.cseq, 7);

      const mine = binding('sip:mine@h', { q: 0.5, userAgent: 'é\x81', received: 'sip:1.2.3.4', flags: 3 });
      const errors = await Promise.all([
        written(storage, put({ ...old, cseq: 8 })),
        written(storage, put(mine)),
        written(storage, put({ ...mine, cseq: 2 })),
        written(storage, remove(hand)),
        written(storage, put(binding(`sip:${'x'.repeat(513)}@h`))),
      ]);
      assert.deepEqual(
        errors.map((error) => error?.code),
        [undefined, undefined, undefined, undefined, 'STORAGE_REFUSED'],
      );
      for (let cseq = 3; cseq < 20; cseq++) assert.equal(await written(storage, put({ ...mine, cseq })), undefined);
      assert.deepEqual(await bindings(storage, LOCATION, now), [
        { ...mine, cseq: 19 },
        { ...old, cseq: 8 },
      ]);
      assert.equal(await inDatabase(url, "SELECT username FROM location WHERE username = 'żółw'"), 'żółw\n');
      if (layout !== 'ser-0.9') {
        const ids = 'SELECT max(id), (SELECT last_value FROM location_id_seq) FROM location';
        assert.equal(await inDatabase(url, ids), '3\t3\n', 'a refresh uses up no number');
      }
      assert.equal(await written(storage, remove(mine), remove(old)), undefined);
      assert.deepEqual(await bindings(storage, LOCATION, now), []);
      await byCallIdAsItStands(storage, layout);
      const after = (await inDatabase(url, COLUMNS)).split('\n').filter((line) => !line.startsWith('gh_'));
      assert.deepEqual(after, before.split('\n'), 'never altered');
      await storage.close();
    });
  }

  test('a unit over two databases is written to both', async (t) => {
    const attached = await server.freshDatabase(LAYOUTS['openser-1.3']);
    const storage = await openStorage({ ...storageOptions(t, (dir) => `sqlite:${dir}/main.db`), attached });
    const table: LocationSpec = { database: 'attached', table: 'location', columns: {} };
    const history = { session: 's', door: 'sip', user: 'u', client: 'c', started: 1, ended: 2, reason: 'logout' };
    const unit = [put(binding('sip:1@h'), table), { kind: 'history', row: history } as const];
    assert.equal(await written(storage, ...unit, { kind: 'audit', line: '{"event":"x"}' }), undefined);
    assert.equal((await bindings(storage, table)).length, 1);
    await storage.close();
  });

  test('no text of a telephone stops others: NUL is kept, what is rejected is rejected alone', async (t) => {
    const storage = await openStorage(storageOptions(t, () => server.url));
    const odd = binding('sip:\'\\"{},NULL\0\xff@h', { username: '\0' });
    assert.equal(await written(storage, put(odd)), undefined);
    assert.deepEqual(await bindings(storage), [odd]);
    const names = [{ name: 'a\0b', domain: '' }];
    assert.deepEqual(await storage.users.find(names), []);
    const history = { session: '\0', door: 'sip', user: '\0', client: 'c', started: 1, ended: 2, reason: 'logout' };
    assert.equal(await written(storage, { kind: 'history', row: history }), undefined);
    await storage.close();
  });

  test('tables and settings that can lose rows are named', async (t) => {
    const forgetful = LAYOUTS['openser-1.3'].replace('CREATE TABLE location', 'CREATE UNLOGGED TABLE location');
    const url = await server.freshDatabase(forgetful);
    const name = url.slice(url.lastIndexOf('/') + 1);
    await server.sql(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const storage = await openStorage({ ...storageOptions(t, () => url), log });
    await storage.ser.open('location', LOCATION);
    await storage.close();
    assert.match(warnings.join('\n'), /synchronous_commit is off: a crash can lose[^\n]*\ntable location is kept/);
  });

  test('the database goes away and comes back under load: nothing acknowledged is lost', async (t) => {
    const url = await server.freshDatabase();
    const storage = await openStorage(storageOptions(t, () => url));
    const load = startLoad(storage);
    await load.until(() => load.acknowledged.length > 200);
    await server.kill();
    await load.until(() => load.refused.length > 50);
    assert.ok(storage.health().some(({ code, since }) => code === 'STORAGE_DOWN' && since !== undefined));
    await server.start();
    const before = load.acknowledged.length;
    await load.until(() => load.acknowledged.length > before + 200);
    load.stop();
    await storage.journal.drain();
    assert.deepEqual(storage.health(), []);
    assert.ok(load.refused.every(({ code }) => code === 'STORAGE_UNAVAILABLE' || code === 'STORAGE_BUSY'));
    const there = new Set((await bindings(storage)).map(({ contact }) => contact));
    assert.deepEqual(
      load.acknowledged.filter((contact) => !there.has(contact)),
      [],
    );
    await storage.close();
  });

  test('a server that is frozen: writes and questions fail in time, all recovers by itself', async (t) => {
    const url = await server.freshDatabase();
    const storage = await openStorage(storageOptions(t, () => url));
    const slow = binding('sip:slow@h', { cseq: 1 });
    assert.equal(await written(storage, put(slow)), undefined);
    assert.equal(await storage.users.count(), 0);
    server.freeze();
    try {
      const [error] = await Promise.all([
        written(storage, put({ ...slow, cseq: 2 })),
        assert.rejects(storage.users.count(), { code: 'STORAGE_UNAVAILABLE' }),
      ]);
      assert.equal(error?.code, 'STORAGE_UNAVAILABLE');
      assert.equal((await written(storage, put({ ...slow, cseq: 3 })))?.code, 'STORAGE_UNAVAILABLE');
      assert.ok(storage.health().some(({ code }) => code === 'STORAGE_DOWN'));
    } finally {
      server.thaw();
    }
    assert.equal(await written(storage, put({ ...slow, cseq: 9 })), undefined);
    assert.equal(await storage.users.count(), 0);
    assert.deepEqual(await bindings(storage), [{ ...slow, cseq: 9 }], 'what was given up does not come afterwards');
    assert.deepEqual(storage.health(), []);
    await storage.close();
  });

  test('a batch that waits for a lock is ended before newer rows are written', async (t) => {
    const url = await server.freshDatabase();
    const storage = await openStorage(storageOptions(t, () => url));
    const row = binding('sip:locked@h', { cseq: 1 });
    assert.equal(await written(storage, put(row)), undefined);
    const locker = openPostgresDatabase(parseDatabaseUrl(url) as PostgresAddress);
    const locked = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const holding = locker.kysely.transaction().execute(async (on) => {
      await locker.runOn(on, 'LOCK TABLE location IN EXCLUSIVE MODE', []);
      locked.resolve();
      await over.promise;
    });
    await locked.promise;
    assert.equal((await written(storage, put({ ...row, cseq: 2 })))?.code, 'STORAGE_UNAVAILABLE');
    const next = written(storage, put({ ...row, cseq: 3 }));
    over.resolve();
    await holding;
    assert.equal(await next, undefined);
    assert.deepEqual(await bindings(storage), [{ ...row, cseq: 3 }]);
    const left = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    assert.equal(await inDatabase(url, left), '0\n');
    await locker.close();
    await storage.close();
  });

  test('while a session that was given up cannot be ended, nothing newer is written', async (t) => {
    const url = await server.freshDatabase();
    const storage = await openStorage(storageOptions(t, () => url));
    const row = binding('sip:stuck@h', { cseq: 1 });
    assert.equal(await written(storage, put(row)), undefined);
    const locker = openPostgresDatabase(parseDatabaseUrl(url) as PostgresAddress);
    const [locked, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holding = locker.kysely.transaction().execute(async (on) => {
      await locker.runOn(on, 'LOCK TABLE location IN EXCLUSIVE MODE', []);
      locked.resolve();
      await over.promise;
    });
    await locked.promise;
    const writing = async () =>
      (
        await inDatabase(url, "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'EXECUTE%'")
      ).trim();
    const refused = written(storage, put({ ...row, cseq: 2 }));
    let stuck = '';
    while (stuck === '') stuck = await writing();
    process.kill(Number(stuck), 'SIGSTOP');
    try {
      assert.equal((await refused)?.code, 'STORAGE_UNAVAILABLE');
      for (const cseq of [3, 4]) {
        assert.equal((await written(storage, put({ ...row, cseq })))?.code, 'STORAGE_UNAVAILABLE');
        assert.equal(await writing(), stuck);
      }
    } finally {
      process.kill(Number(stuck), 'SIGCONT');
    }
    over.resolve();
    await holding;
    assert.equal(await written(storage, put({ ...row, cseq: 5 })), undefined);
    assert.deepEqual(await bindings(storage), [{ ...row, cseq: 5 }]);
    await locker.close();
    await storage.close();
  });
}

if (postgresMissing) test('storage over PostgreSQL', { skip: postgresMissing }, () => {});
else suite();
