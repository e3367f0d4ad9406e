// peers: mariadb postgres
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linotpTables, readsLinotp } from '../../src/sources/linotp/linotp.contract.ts';
import { sqlContract, staffTable } from '../../src/sources/sql/sql.contract.ts';
import { startMariadb } from './mariadb.ts';
import { startPostgres } from './postgres.ts';

const LOGIN = { Server: '127.0.0.1', User: 'gatehouse', Password: 's@cret', Database: 'gatehouse' };

test('a table in MariaDB; a restart of the server is survived', async (t) => {
  const server = await startMariadb(t);
  for (const statement of staffTable('`')) await server.sql(`SET NAMES utf8mb4; ${statement}`);
  const source = await sqlContract({ ...LOGIN, Driver: 'mysql+mysqldb', Port: String(server.port) });
  t.after(() => source.close());
  assert.equal((await source.byLogin(['ALICE']))[0]?.login, 'alice', 'as the collation finds it');
  for (const statement of linotpTables('`')) await server.sql(statement);
  await readsLinotp(server.url.replace('mysql:', 'mysql+mysqldb:'));
  await server.stop();
  await assert.rejects(source.byLogin(['alice']), { code: 'RESOLVER_UNAVAILABLE' });
  await server.start();
  assert.equal((await source.byLogin(['alice']))[0]?.id, '7');
});

test('a table in PostgreSQL; a restart of the server is survived', async (t) => {
  const server = await startPostgres(t);
  for (const statement of staffTable('"')) await server.sql(statement);
  await server.sql('GRANT SELECT ON staff TO gatehouse');
  const source = await sqlContract({ ...LOGIN, Driver: 'postgresql', Port: String(server.port) });
  t.after(() => source.close());
  for (const statement of linotpTables('"')) await server.sql(statement);
  await server.sql('GRANT SELECT ON ALL TABLES IN SCHEMA public TO gatehouse');
  await readsLinotp(server.url);
  await server.stop();
  await assert.rejects(source.byLogin(['alice']), { code: 'RESOLVER_UNAVAILABLE' });
  await server.start();
  assert.equal((await source.byLogin(['alice']))[0]?.id, '7');
});
