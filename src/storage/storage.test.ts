import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { MIGRATIONS } from './migrations/list.ts';
import { migrateDown, openStorage } from './open.ts';
import { binding, bindings, put, storageContract, storageOptions, written } from './storage.contract.ts';

const NEWEST = Object.keys(MIGRATIONS).at(-1)!;
const sqliteIn = (dir: string) => `sqlite:${join(dir, 'gatehouse.db')}`;

storageContract('sqlite', async (dir) => sqliteIn(dir));

test('what was acknowledged survives a kill -9 in the middle of the load', async (t) => {
  const options = storageOptions(t, sqliteIn);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'storage.victim.ts'), options.dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(line);
    if (acknowledged.length === 500) child.kill('SIGKILL');
  }
  assert.ok(acknowledged.length >= 500);
  const storage = await openStorage(options);
  const there = new Set((await bindings(storage)).map(({ contact }) => contact));
  assert.deepEqual(
    acknowledged.filter((contact) => !there.has(contact)),
    [],
  );
  assert.equal(
    await written(storage, put(binding('sip:next@h')), { kind: 'audit', line: '{"event":"next"}' }),
    undefined,
  );
  await storage.close();
});

test('a database of a newer Gatehouse is refused with both versions', async (t) => {
  const options = storageOptions(t, sqliteIn);
  await (await openStorage(options)).close();
  const db = new DatabaseSync(join(options.dir, 'gatehouse.db'));
  db.exec("INSERT INTO gh_migration VALUES ('9999-future', '2030-01-01T00:00:00Z')");
  db.close();
  await assert.rejects(openStorage(options), {
    code: 'STORAGE_NEWER',
    message: new RegExp(`9999-future.*${NEWEST}`),
  });
});

test('a migration is undone and done again, each time after a backup', async (t) => {
  const options = storageOptions(t, sqliteIn);
  const first = await openStorage(options);
  await first.users.create({ logins: [{ name: '1', domain: '' }], email: '', created: 1 }, () => null);
  await first.close();
  const after = await migrateDown(options);
  assert.ok(after.every(({ name, applied }) => (applied === null) === (name === NEWEST)));
  const again = await openStorage(options);
  assert.equal(await again.users.count(), 1);
  assert.deepEqual(await again.ser.open('location', { database: 'main', table: 'location', columns: {} }), {
    attached: false,
    layout: 'gatehouse',
  });
  await again.close();
  assert.equal(readdirSync(options.backupDir).length, 2);
});

test('a file that is no database is refused in plain words', async (t) => {
  const options = storageOptions(t, () => 'sqlite:/proc/version');
  await assert.rejects(openStorage(options), { code: 'STORAGE_UNAVAILABLE' });
});
