import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { silentLog } from '../../platform/log.ts';
import { sqlOptions } from './config.ts';
import { sqlResolver } from './resolver.ts';
import { sqlContract, staffTable } from './sql.contract.ts';
import { faultOfWhere } from './where.ts';

const CONFIG = { Driver: 'mysql', Database: 'd', Table: 'users', Map: { userid: 'id', username: 'login' } };

test('an SQLite file is asked by a thread of its own', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sql-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'staff.db');
  const db = new DatabaseSync(path);
  for (const statement of staffTable('"')) db.exec(statement);
  const source = await sqlContract({ Driver: 'sqlite', Database: path });
  db.exec("UPDATE staff SET mail = 'new@a.example' WHERE id = 7");
  assert.equal((await source.byId(['7']))[0]?.attributes.email, 'new@a.example');
  db.exec('DROP TABLE staff');
  await assert.rejects(source.byId(['7']), { code: 'RESOLVER_UNAVAILABLE', message: /no such table/ });
  db.close();
  await source.close();
});

test('a server that is not there is an unavailable source', async () => {
  for (const Driver of ['mysql', 'postgresql']) {
    // Nobody listens on the port of discard.
    const config = { ...CONFIG, Driver, Server: '127.0.0.1', Port: '9', User: 'u', Password: 'geheim' };
    const source = await sqlResolver.open(config, { name: 'staff', log: silentLog });
    await assert.rejects(source.byLogin(['alice']), (error: Error & { code: string }) => {
      assert.equal(error.code, 'RESOLVER_UNAVAILABLE');
      assert.match(error.message, /ECONNREFUSED/);
      return !error.message.includes('geheim');
    });
    await source.close();
  }
  const none = { ...CONFIG, Driver: 'sqlite', Database: '/nowhere/staff.db' };
  const source = await sqlResolver.open(none, { name: 'staff', log: silentLog });
  await assert.rejects(source.byLogin(['alice']), { code: 'RESOLVER_UNAVAILABLE', message: /unable to open/ });
  await source.close();
});

test("LinOTP's parameters are read as its forms send them", () => {
  const options = sqlOptions({
    Driver: 'postgresql+psycopg2',
    Server: ' db.example.com ',
    Port: '',
    Database: 'staff',
    User: 'u',
    Password: '',
    Table: 'hr.users',
    Map: '{"userid": "id", "username": "login", "phone": "", "password": "pw", "salt": "s"}',
    Where: '',
    Limit: '50',
    Encoding: 'utf8',
    conParams: 'sslmode=require&charset=utf8',
  });
  assert.deepEqual(
    { ...options },
    {
      kind: 'postgres',
      host: 'db.example.com',
      port: 5432,
      database: 'staff',
      user: 'u',
      password: '',
      socket: undefined,
      tls: 'any',
      caFile: undefined,
      table: ['hr', 'users'],
      columns: { userid: 'id', username: 'login' },
      idColumn: 'id',
      loginColumn: 'login',
      passwordColumn: 'pw',
      where: undefined,
      limit: 50,
    },
  );
  const faulty = [
    { Driver: 'mssql' },
    { Map: '{' },
    { Map: { username: 'a' } },
    { Map: { userid: 'a`b', username: 'c' } },
    { Table: 'a.b.c' },
    { Table: 'a;b"' },
    { Port: '70000' },
    { Where: 'a = 1; DROP TABLE b' },
    { Driver: 'sqlite', Database: 'staff.db' },
    { conParams: 'init_command=x' },
    { Passwort: 'x' },
  ];
  for (const change of faulty)
    assert.throws(() => sqlOptions({ ...CONFIG, ...change }), { code: 'RESOLVER_CONFIG' }, JSON.stringify(change));
});

test('a condition cannot reach beyond its parentheses', () => {
  for (const text of ['active = 1', "a = '(;--' AND (b IN (SELECT c FROM d))", '"odd;name" = 1', 'a > 1 OR b - -1 < 2'])
    assert.equal(faultOfWhere(text), undefined, text);
  for (const text of ['1=1) OR (1=1', 'a = 1; b', 'a -- b', 'a /* b', "a = 'b", '(a', 'a = ?', 'a = $1', "'\\' OR 1=1"])
    assert.notEqual(faultOfWhere(text), undefined, text);
});
