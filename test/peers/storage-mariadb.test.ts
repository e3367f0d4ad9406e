// peers: mariadb
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Change } from '../../src/core/journal/types.ts';
import type { BindingRow, LocationSpec } from '../../src/core/ser/types.ts';
import { CRASH_STEP, watched } from '../../src/storage/migrations/crash.contract.ts';
import { migrateUp } from '../../src/storage/migrations/migrate.ts';
import { openMysqlDatabase } from '../../src/storage/mysql/database.ts';
import { openStorage } from '../../src/storage/open.ts';
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
import { type MysqlAddress, parseDatabaseUrl } from '../../src/storage/url.ts';
import { startLoad } from './journal-load.ts';
import { type MariaDb, mariadbMissing, startMariadb } from './mariadb.ts';

const KAMAILIO_SQL = '/usr/share/kamailio/mysql/usrloc-create.sql';
const VERSION = 'CREATE TABLE version (table_name VARCHAR(32) NOT NULL, table_version INT UNSIGNED NOT NULL);';
const KAMAILIO_LOCATION = `CREATE TABLE location (id INT(10) UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
  ruid VARCHAR(64) DEFAULT '' NOT NULL, username VARCHAR(64) DEFAULT '' NOT NULL, domain VARCHAR(64) DEFAULT NULL,
  contact VARCHAR(512) DEFAULT '' NOT NULL, received VARCHAR(128) DEFAULT NULL, path VARCHAR(512) DEFAULT NULL,
  expires DATETIME DEFAULT '2030-05-28 21:32:15' NOT NULL, q FLOAT(10,2) DEFAULT 1.0 NOT NULL,
  callid VARCHAR(255) DEFAULT 'Default-Call-ID' NOT NULL, cseq INT(11) DEFAULT 1 NOT NULL,
  last_modified DATETIME DEFAULT '2000-01-01 00:00:01' NOT NULL, flags INT(11) DEFAULT 0 NOT NULL,
  cflags INT(11) DEFAULT 0 NOT NULL, user_agent VARCHAR(255) DEFAULT '' NOT NULL, socket VARCHAR(64) DEFAULT NULL,
  methods INT(11) DEFAULT NULL, CONSTRAINT ruid_idx UNIQUE (ruid));`;

const OPENSER_LOCATION = `CREATE TABLE location (id int(10) unsigned AUTO_INCREMENT PRIMARY KEY NOT NULL,
  username varchar(64) NOT NULL default '', domain varchar(64) NOT NULL default '', contact varchar(255) NOT NULL default '',
  received varchar(128) default NULL, path varchar(128) default NULL,
  expires datetime NOT NULL default '2020-05-28 21:32:15', q float(10,2) NOT NULL default '1.0',
  callid varchar(255) NOT NULL default 'Default-Call-ID', cseq int(11) NOT NULL default '13',
  last_modified datetime NOT NULL default '1900-01-01 00:00', flags int(11) NOT NULL default '0',
  cflags int(11) NOT NULL default '0', user_agent varchar(255) NOT NULL default '', socket varchar(64) default NULL,
  methods int(11) default NULL, KEY udc_loc (username, domain, contact)) ENGINE=InnoDB;`;

const SER_LOCATION = `CREATE TABLE location (username varchar(64) NOT NULL default '', domain varchar(128) NOT NULL default '',
  contact varchar(255) NOT NULL default '', received varchar(255) default NULL,
  expires datetime NOT NULL default '2020-05-28 21:32:15', q float(10,2) NOT NULL default '1.0',
  callid varchar(255) NOT NULL default 'Default-Call-ID', cseq int(11) NOT NULL default '42',
  last_modified timestamp NOT NULL default current_timestamp, replicate int(10) unsigned NOT NULL default '0', state tinyint(1) unsigned NOT NULL default '0',
  flags int(11) NOT NULL default '0', user_agent varchar(50) NOT NULL default '',
  PRIMARY KEY (username, domain, contact)) ENGINE=MyISAM DEFAULT CHARSET=latin1;`;

function suite(): void {
  let server: MariaDb;
  let lastDatabase = 0;
  const endings: (() => Promise<void>)[] = [];

  before(async () => {
    server = await startMariadb({ after: (work) => void endings.push(work) });
  });
  after(async () => {
    for (const work of endings) await work();
  });

  async function freshDatabase(ddl = ''): Promise<string> {
    const name = `gatehouse_${++lastDatabase}`;
    await server.sql(`CREATE DATABASE ${name}; USE ${name}; ${ddl}`);
    return server.url.replace(/gatehouse$/, name);
  }

  const inDatabase = (url: string, text: string) => server.sql(`USE ${url.slice(url.lastIndexOf('/') + 1)}; ${text}`);

  storageContract('mariadb', () => freshDatabase());

  test('a kill in the middle of the migrations: the next start makes the rest, and all tables are own', async (t) => {
    const { backupDir } = storageOptions(t, () => '');
    const options = { backupDir, now: Date.now, info: () => {} };
    let died = true;
    let crash = 1;
    for (; died; crash += CRASH_STEP) {
      const address = parseDatabaseUrl(await freshDatabase()) as MysqlAddress;
      const dying = openMysqlDatabase(address);
      died = false;
      const run = migrateUp(
        watched(dying, (statement) => {
          if (statement < crash) return;
          died = true;
          throw Object.assign(new Error('killed'), { killed: crash });
        }),
        options,
      );
      await run.catch(() => assert.ok(died));
      await dying.close();
      const db = openMysqlDatabase(address);
      await migrateUp(db, options);
      const tables = new Tables(new Map([['main', db]]), () => {});
      for (const report of [await tables.openSubscriber(SUBSCRIBER), await tables.openLocation(LOCATION)]) {
        assert.deepEqual(report, { attached: false, layout: 'gatehouse' }, `killed before statement ${crash}`);
      }
      await db.close();
    }
    assert.ok(crash > 30, `${crash} statements`);
  });

  const layouts = [
    ['kamailio-5.6', existsSync(KAMAILIO_SQL) ? VERSION + readFileSync(KAMAILIO_SQL, 'utf8') : KAMAILIO_LOCATION],
    ['openser-1.3', OPENSER_LOCATION],
    ['ser-0.9', SER_LOCATION],
  ] as const;
  for (const [layout, ddl] of layouts) {
    test(`an attached ${layout} location is used as it stands`, async (t) => {
      const url = await freshDatabase(ddl);
      const before = await inDatabase(url, 'SHOW CREATE TABLE location');
      const now = 1_800_000_000_000;
      const ruid = layout === 'kamailio-5.6';
      await inDatabase(
        url,
        `INSERT INTO location (username, contact, ${ruid ? 'ruid, ' : ''}expires, cseq)
           VALUES ('old', 'sip:old@h', ${ruid ? "'uloc-1', " : ''}'2035-01-01 00:00:00', 7);
         INSERT INTO location (username, contact) VALUES ('hand', 'sip:hand@h')`,
      );
      const storage = await openStorage({ ...storageOptions(t, () => url) });
      assert.deepEqual(await storage.ser.open('location', LOCATION), { attached: true, layout });
      const loaded = await bindings(storage, LOCATION, now);
      const hand = loaded.find(({ username }) => username === 'hand')!;
      const old = loaded.find(({ username }) => username === 'old')!;
      assert.equal(hand.expires, 0, 'a default of the schema means for ever');
      assert.equal(old.cseq, 7);

      const mine = binding('sip:mine@h', { q: 0.5, userAgent: 'é\x81', received: 'sip:1.2.3.4', flags: 3 });
      assert.deepEqual(
        await Promise.all([
          written(storage, put({ ...old, cseq: 8 })),
          written(storage, put(mine)),
          written(storage, put({ ...mine, cseq: 2 })),
          written(storage, remove(hand)),
          written(storage, put(binding(`sip:${'x'.repeat(513)}@h`))),
        ]).then((errors) => errors.map((error) => error?.code)),
        [undefined, undefined, undefined, undefined, 'STORAGE_REFUSED'],
      );
      assert.equal(await written(storage, put({ ...mine, cseq: 3 })), undefined);
      assert.deepEqual(await bindings(storage, LOCATION, now), [
        { ...mine, cseq: 3 },
        { ...old, cseq: 8 },
      ]);
      assert.equal((await inDatabase(url, 'SELECT COUNT(*) FROM location')).trim(), '2');
      assert.equal(await written(storage, remove(mine), remove(old)), undefined);
      assert.deepEqual(await bindings(storage, LOCATION, now), []);
      await byCallIdAsItStands(storage, layout);
      const strip = (text: string) => text.replace(/ AUTO_INCREMENT=\d+/, '');
      assert.equal(strip(await inDatabase(url, 'SHOW CREATE TABLE location')), strip(before), 'never altered');
      await storage.close();
    });
  }

  const refreshable = [
    ...layouts,
    [
      'other',
      OPENSER_LOCATION.replace('KEY udc_loc', 'UNIQUE KEY udc_loc').replace(
        'InnoDB',
        'InnoDB COLLATE latin1_general_ci',
      ),
    ],
    ['gatehouse', ''],
  ] as const;
  for (const [layout, ddl] of refreshable) {
    test(`a refresh changes the row of a ${layout} location, and makes it where another program took it away`, async (t) => {
      const url = await freshDatabase(ddl);
      const storage = await openStorage({ ...storageOptions(t, () => url) });
      t.after(() => storage.close());
      await storage.ser.open('location', LOCATION);
      const rows = [1, 2, 3, 4].map((n) =>
        binding(`sip:${n}@h\xe9`, {
          username: `${1000 + n}`,
          userAgent: 'first',
          q: 0.5,
        }),
      );
      const [a, b, c, d] = rows as [BindingRow, BindingRow, BindingRow, BindingRow];
      assert.equal(await written(storage, ...rows.map((row) => put(row))), undefined);
      const numbers = async () =>
        inDatabase(url, 'SHOW CREATE TABLE location').then((text) => /AUTO_INCREMENT=\d+/.exec(text)?.[0]);
      const before = await numbers();
      const refreshed = (row: BindingRow, change: Partial<BindingRow>) => ({
        ...row,
        ...change,
        userAgent: 'not written',
      });
      const errors = await Promise.all([
        written(storage, refresh(refreshed(a, { cseq: 7, callId: "a'b\\c" }))),
        written(storage, refresh(refreshed(b, { expires: 3_900_000_000_000, modified: 1_700_000_009_000 }))),
        written(storage, refresh(refreshed(c, {}))),
      ]);
      assert.deepEqual(errors, [undefined, undefined, undefined]);
      assert.equal(await written(storage, refresh(refreshed(d, { cseq: 8 }))), undefined, 'alone');
      const now = [
        { ...a, cseq: 7, callId: "a'b\\c" },
        { ...b, expires: 3_900_000_000_000, modified: 1_700_000_009_000 },
        c,
        { ...d, cseq: 8 },
      ];
      assert.deepEqual(await bindings(storage), now);
      assert.equal(await numbers(), before, 'no number of the table is used up');

      await inDatabase(url, "DELETE FROM location WHERE username IN ('1001', '1004')");
      const other = binding('sip:5@h', { username: '1005' });
      const again = await Promise.all([
        written(storage, refresh(now[0]!)),
        written(storage, refresh({ ...b, cseq: 3 })),
        written(storage, put(other)),
        written(storage, refresh(d), remove(c)),
      ]);
      assert.deepEqual(again, [undefined, undefined, undefined, undefined]);
      assert.deepEqual(await bindings(storage), [now[0], { ...b, cseq: 3 }, d, other]);
      assert.equal((await inDatabase(url, 'SELECT COUNT(*) FROM location')).trim(), '4');
    });
  }

  test('a refresh makes the row that is gone also where another row of its batch is doubled', async (t) => {
    const url = await freshDatabase(OPENSER_LOCATION);
    const storage = await openStorage(storageOptions(t, () => url));
    t.after(() => storage.close());
    const rows = [1, 2, 3].map((n) => binding(`sip:${n}@h`, { username: `${1000 + n}`, q: 0.5 }));
    assert.equal(await written(storage, ...rows.map((row) => put(row))), undefined);
    await inDatabase(
      url,
      `INSERT INTO location (username, domain, contact, expires)
         SELECT username, domain, contact, expires FROM location WHERE username = '1001';
       DELETE FROM location WHERE username = '1003'`,
    );
    const refreshed = rows.map((row) => ({ ...row, cseq: 7 }));
    const errors = await Promise.all(refreshed.map((row) => written(storage, refresh(row))));
    assert.deepEqual(errors, [undefined, undefined, undefined]);
    assert.deepEqual(await bindings(storage), refreshed);
  });

  test('a contact in another spelling takes the place of the row that the collation has for the same', async (t) => {
    const url = await freshDatabase(OPENSER_LOCATION.replace('KEY udc_loc', 'UNIQUE KEY udc_loc'));
    const storage = await openStorage(storageOptions(t, () => url));
    t.after(() => storage.close());
    assert.equal(await written(storage, put(binding('sip:alice@h', { q: 0.5 }))), undefined);
    const other = binding('sip:Alice@h', { q: 0.5, cseq: 2 });
    assert.equal(await written(storage, put(other)), undefined);
    assert.deepEqual(await bindings(storage), [other]);
  });

  test('what is acknowledged is committed, whatever the settings of the server', async (t) => {
    const url = await freshDatabase();
    await server.sql(
      'SET GLOBAL autocommit = 0; SET GLOBAL completion_type = 1; SET GLOBAL sql_safe_updates = 1; SET GLOBAL sql_select_limit = 1',
    );
    t.after(() =>
      server.sql(
        'SET GLOBAL autocommit = 1; SET GLOBAL completion_type = 0; SET GLOBAL sql_safe_updates = 0; SET GLOBAL sql_select_limit = DEFAULT',
      ),
    );
    const storage = await openStorage(storageOptions(t, () => url));
    t.after(() => storage.close());
    const rows = [1, 2].map((n) => binding(`sip:${n}@h`));
    for (const row of rows) assert.equal(await written(storage, put(row)), undefined);
    await storage.meta.set('a', 'b');
    assert.equal((await inDatabase(url, 'SELECT COUNT(*) FROM location')).trim(), '2');
    assert.equal((await inDatabase(url, "SELECT value FROM gh_meta WHERE name = 'a'")).trim(), 'b');
    assert.equal(await written(storage, ...rows.map((row) => refresh({ ...row, cseq: 9 }))), undefined);
    assert.deepEqual(
      await bindings(storage),
      rows.map((row) => ({ ...row, cseq: 9 })),
    );
  });

  test('a batch whose connection was cut is ended on the server before newer rows are written', async (t) => {
    const url = await freshDatabase();
    const address = parseDatabaseUrl(url) as MysqlAddress;
    const sockets = new Set<Socket>();
    const proxy = createServer((client) => {
      const far = createConnection(address.places[0]!.port, '127.0.0.1');
      for (const [from, to] of [
        [client, far],
        [far, client],
      ] as const) {
        sockets.add(from);
        from.on('error', () => {}).on('close', () => to.destroy());
        from.pipe(to);
      }
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    t.after(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const storage = await openStorage(storageOptions(t, () => url.replace(/:\d+\//, `:${port}/`)));
    const row = binding('sip:cut@h');
    assert.equal(await written(storage, put(row)), undefined);
    const locker = openMysqlDatabase(address);
    const [locked, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holding = locker.kysely.transaction().execute(async (on) => {
      await locker.runOn(on, 'UPDATE location SET cseq = cseq + 100', []);
      locked.resolve();
      await over.promise;
    });
    await locked.promise;
    const waiting = async () =>
      (
        await server.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'INSERT INTO `location`%'")
      ).trim();
    const refused = written(storage, put({ ...row, cseq: 2 }));
    while ((await waiting()) === '') await setImmediate();
    const first = await waiting();
    for (const socket of sockets) socket.destroy();
    assert.equal((await refused)?.code, 'STORAGE_UNAVAILABLE');
    assert.ok(!(await waiting()).split('\n').includes(first), 'the first is ended, the last one waits yet');
    over.resolve();
    await holding;
    assert.equal(await written(storage, put({ ...row, cseq: 3 })), undefined);
    assert.deepEqual(await bindings(storage), [{ ...row, cseq: 3 }]);
    await locker.close();
    await storage.close();
  });

  test('a unit over two databases is written to both', async (t) => {
    const attached = await freshDatabase(OPENSER_LOCATION);
    const storage = await openStorage({ ...storageOptions(t, (dir) => `sqlite:${dir}/main.db`), attached });
    const table: LocationSpec = { database: 'attached', table: 'location', columns: {} };
    const history = { session: 's', door: 'sip', user: 'u', client: 'c', started: 1, ended: 2, reason: 'logout' };
    const audit = { kind: 'audit', line: '{"event":"x"}' } as const;
    assert.equal(
      await written(storage, put(binding('sip:1@h'), table), { kind: 'history', row: history }, audit),
      undefined,
    );
    assert.equal((await bindings(storage, table)).length, 1);
    await storage.close();
  });

  test('the database goes away and comes back under load: nothing acknowledged is lost', async (t) => {
    const storage = await openStorage({
      ...storageOptions(t, () => server.url),
      auditDir: `${storageOptions(t, () => '').dir}/a`,
    });
    const load = startLoad(storage);
    const { acknowledged, refused } = load;
    await load.until(() => acknowledged.length > 200);
    await server.kill();
    await load.until(() => refused.length > 50);
    assert.ok(storage.health().some(({ code, since }) => code === 'STORAGE_DOWN' && since !== undefined));
    await server.start();
    const before = acknowledged.length;
    await load.until(() => acknowledged.length > before + 200);
    load.stop();
    await storage.journal.drain();
    assert.deepEqual(storage.health(), []);
    assert.ok(refused.every(({ code }) => code === 'STORAGE_UNAVAILABLE' || code === 'STORAGE_BUSY'));
    const slowest = Math.max(...refused.map(({ afterMs }) => afterMs));
    assert.ok(slowest < 4_000, `told after ${slowest} ms`);
    const there = new Set((await bindings(storage)).map(({ contact }) => contact));
    assert.deepEqual(
      acknowledged.filter((contact) => !there.has(contact)),
      [],
    );
    await storage.close();
  });

  test('a server that is frozen: writes and questions fail in time, all recovers by itself', async (t) => {
    const url = await freshDatabase();
    const storage = await openStorage(storageOptions(t, () => url));
    const slow = binding('sip:slow@h', { cseq: 1 });
    assert.equal(await written(storage, put(slow)), undefined);
    assert.equal(await storage.users.count(), 0);
    process.kill(server.pid, 'SIGSTOP');
    try {
      const begun = performance.now();
      const [error] = await Promise.all([
        written(storage, put({ ...slow, cseq: 2 })),
        assert.rejects(storage.users.count(), { code: 'STORAGE_UNAVAILABLE' }),
      ]);
      assert.equal(error?.code, 'STORAGE_UNAVAILABLE');
      assert.ok(performance.now() - begun < 8_000);
      const next = performance.now();
      assert.equal((await written(storage, put({ ...slow, cseq: 3 })))?.code, 'STORAGE_UNAVAILABLE');
      assert.ok(performance.now() - next < 3_000, 'told within the time of a retry');
      assert.ok(storage.health().some(({ code }) => code === 'STORAGE_DOWN'));
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    assert.equal(await written(storage, put({ ...slow, cseq: 9 })), undefined);
    assert.equal(await storage.users.count(), 0);
    assert.deepEqual(await bindings(storage), [{ ...slow, cseq: 9 }], 'what was given up does not come afterwards');
    assert.deepEqual(storage.health(), []);
    await storage.close();
  });
}

function refresh(row: BindingRow): Change {
  return { kind: 'put-binding', table: LOCATION, row, refresh: true };
}

if (mariadbMissing) test('storage over MariaDB', { skip: mariadbMissing }, () => {});
else suite();
