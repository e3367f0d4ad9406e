import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Database } from '../database.ts';
import { Tables } from '../ser/tables.ts';
import { openSqliteDatabase } from '../sqlite/database.ts';
import { LOCATION, SUBSCRIBER } from '../storage.contract.ts';
import { watched } from './crash.contract.ts';
import { migrateUp } from './migrate.ts';

const FILES = ['gatehouse.db', 'gatehouse.db-wal'];

/** What lies on the disk before each statement is what a `kill -9` there would leave. */
function lab(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-crash-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = (name: string | number) => join(root, String(name));
  const open = (name: string | number) =>
    openSqliteDatabase({ dialect: 'sqlite', path: join(folder(name), FILES[0]!) });
  let last = 0;
  const dying = (db: Database) =>
    watched(db, () => {
      mkdirSync(folder(++last));
      for (const file of FILES.filter((name) => existsSync(join(folder('live'), name)))) {
        cpSync(join(folder('live'), file), join(folder(last), file));
      }
    });
  const options = { backupDir: folder('backup'), now: Date.now, info: () => {} };
  return { open, dying, options, crashes: () => Array.from({ length: last }, (_, i) => i + 1) };
}

test('a kill at any statement of the migrations: the next start makes the rest, and all tables are own', async (t) => {
  const { open, dying, options, crashes } = lab(t);
  const live = open('live');
  await migrateUp(dying(live), options);
  assert.ok(crashes().length > 20, `${crashes().length} statements`);
  for (const crash of crashes()) {
    const db = open(crash);
    const { migrations } = await migrateUp(db, options);
    assert.ok(migrations.every(({ applied }) => applied !== null));
    const tables = new Tables(new Map([['main', db]]), () => {});
    for (const report of [await tables.openSubscriber(SUBSCRIBER), await tables.openLocation(LOCATION)]) {
      assert.deepEqual(report, { attached: false, layout: 'gatehouse' }, `killed before statement ${crash}`);
    }
    await db.close();
  }
  await live.close();
});

test('a kill while a table is made on demand: it is own, or not there', async (t) => {
  const { open, dying, options, crashes } = lab(t);
  const live = open('live');
  await migrateUp(live, options);
  const spec = { ...LOCATION, table: 'others' };
  await new Tables(new Map([['main', dying(live)]]), () => {}).openLocation(spec);
  assert.ok(crashes().length >= 2);
  for (const crash of crashes()) {
    const db = open(crash);
    const report = await new Tables(new Map([['main', db]]), () => {}).openLocation(spec);
    assert.deepEqual(report, { attached: false, layout: 'gatehouse' }, `killed before statement ${crash}`);
    await db.close();
  }
  await live.close();
});
