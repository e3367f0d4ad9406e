/** MySQL and MariaDB through mysql2: a connection for the journal, a small pool each for own and for SER tables. */
import { CompiledQuery, Kysely, MysqlDialect } from 'kysely';
import { backupRows } from '../backup-rows.ts';
import type { Cell } from '../batch.ts';
import type { Database } from '../database.ts';
import { fillHoles } from '../holes.ts';
import { Servers } from '../servers.ts';
import { quoteName, type Row } from '../table-shape.ts';
import type { Schema } from '../tables.ts';
import { databaseLabel, type MysqlAddress } from '../url.ts';
import { isAway, isRefusal } from './faults.ts';
import { ImpatientPool } from './pool.ts';
import { mysqlShape } from './shape.ts';
import { mysqlWriter } from './writer.ts';

const NOT_ASCII = /[^\0-\x7f]/;

export function openMysqlDatabase(address: MysqlAddress): Database {
  const servers = new Servers(address.places);
  const own = new ImpatientPool(address, servers, 'utf8mb4');
  const ser = new ImpatientPool(address, servers, 'latin1');
  const writer = mysqlWriter(address, servers);
  const kysely = new Kysely<Schema>({ dialect: new MysqlDialect({ pool: own.forKysely() }) });

  return {
    dialect: 'mysql',
    label: databaseLabel(address),
    kysely,
    writer,
    quoteName,
    alone: (work) => work(),
    redefine: (work) => work(kysely),
    select,
    // The connection of transactions speaks utf8mb4, so what is not ASCII goes as marked bytes.
    async runOn(on, sql, texts) {
      const marked = fillHoles(sql, (index) => (NOT_ASCII.test(texts[index]!) ? '_latin1 ?' : '?'));
      const values = texts.map((text) => (NOT_ASCII.test(text) ? Buffer.from(text, 'latin1') : text));
      return Number((await on.executeQuery(CompiledQuery.raw(marked, values))).numAffectedRows ?? 0);
    },
    run: async (sql, values) => ((await askSer(sql, values)) as { affectedRows: number }).affectedRows,
    each: (sql, onRow) => ser.each(sql, onRow),
    shape: (table) => mysqlShape(select, table),
    tableNames,
    async backup(directory, name) {
      const tables = (await tableNames()).filter((table) => table.startsWith('gh_'));
      return backupRows(allOf, tables, directory, name);
    },
    warnings,
    isUnavailable: isAway,
    isRefusal,
    async close() {
      writer.close();
      own.end();
      ser.end();
    },
  };

  async function select(sql: string, values: readonly Cell[]): Promise<Row[]> {
    return (await askSer(sql, values)) as Row[];
  }

  function askSer(sql: string, values: readonly Cell[]): Promise<unknown> {
    return ser.ask({ sql, values: [...values], rowsAsArray: true });
  }

  async function allOf(table: string): Promise<Record<string, unknown>[]> {
    return (await own.ask({ sql: `SELECT * FROM ${quoteName(table)}` })) as Record<string, unknown>[];
  }

  async function tableNames(): Promise<string[]> {
    const sql = 'SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()';
    return (await select(sql, [])).map(([name]) => String(name));
  }

  async function warnings(): Promise<string[]> {
    const sql = 'SELECT @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog, @@innodb_doublewrite';
    const [row] = await select(sql, []);
    const [flush, binlog, sync, doubleWrite] = row!.map(String);
    const texts: string[] = [];
    if (flush !== '1') texts.push(`innodb_flush_log_at_trx_commit is ${flush}: ${LOSES}, set it to 1`);
    if (isOn(binlog) && sync !== '1')
      texts.push(`sync_binlog is ${sync} while the binary log is on: ${LOSES}, set it to 1`);
    if (!isOn(doubleWrite)) texts.push(`innodb_doublewrite is off: ${LOSES} on most file systems, set it to ON`);
    return texts.map((text) => `${databaseLabel(address)}: ${text}`);
  }
}

const LOSES = 'a crash can lose what was acknowledged';

function isOn(value: string | undefined): boolean {
  return value !== undefined && !/^(0|off)$/i.test(value);
}
