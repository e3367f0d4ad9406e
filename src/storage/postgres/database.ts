/** PostgreSQL through pg: a connection for the journal, a small pool each for own and for SER tables. */
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { backupRows } from '../backup-rows.ts';
import type { Cell } from '../batch.ts';
import type { Database } from '../database.ts';
import { fillHoles } from '../holes.ts';
import { Servers } from '../servers.ts';
import type { Row } from '../table-shape.ts';
import type { Schema } from '../tables.ts';
import { databaseLabel, type PostgresAddress } from '../url.ts';
import { isAway, isRefusal } from './faults.ts';
import { quoteName } from './literal.ts';
import { ImpatientPool } from './pool.ts';
import { postgresShape } from './shape.ts';
import { fromWire, toWire } from './wire.ts';
import { postgresWriter } from './writer.ts';

export function openPostgresDatabase(address: PostgresAddress): Database {
  const servers = new Servers(address.places);
  const own = new ImpatientPool(address, servers);
  const ser = new ImpatientPool(address, servers);
  const writer = postgresWriter(address, servers);
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: own.forKysely() }) });

  return {
    dialect: 'postgres',
    label: databaseLabel(address),
    kysely,
    writer,
    quoteName,
    alone: (work) => work(),
    redefine: (work) => work(kysely),
    select,
    async runOn(on, sql, texts) {
      const query = CompiledQuery.raw(numbered(sql), texts.map(fromWire));
      return Number((await on.executeQuery(query)).numAffectedRows ?? 0);
    },
    run: async (sql, values) => (await askSer(sql, values)).rowCount ?? 0,
    each: (sql, onRow) => ser.each(sql, (row) => onRow(row.map(cellOf))),
    shape: (table) => postgresShape(select, table),
    tableNames,
    async backup(directory, name) {
      const tables = (await tableNames()).filter((table) => table.startsWith('gh_'));
      const all = async (table: string) => (await own.ask({ text: `SELECT * FROM ${quoteName(table)}` })).rows;
      return backupRows(all, tables, directory, name);
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
    return (await askSer(sql, values)).rows.map((row) => (row as unknown[]).map(cellOf));
  }

  function askSer(sql: string, values: readonly Cell[]) {
    return ser.ask({ text: numbered(sql), values: values.map(textOf), rowMode: 'array' });
  }

  async function tableNames(): Promise<string[]> {
    const sql = `SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND pg_table_is_visible(oid)
      AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`;
    return (await select(sql, [])).map(([name]) => String(name));
  }

  async function warnings(): Promise<string[]> {
    const names = ['fsync', 'synchronous_commit', 'synchronous_standby_names', 'full_page_writes'];
    const [row] = await select(`SELECT ${names.map((name) => `current_setting('${name}')`).join(', ')}`, []);
    const [fsync, commit, standbys, pages] = row!;
    const texts: string[] = [];
    if (fsync === 'off') texts.push(`fsync is off: ${LOSES}, set it to on`);
    if (commit === 'off') texts.push(`synchronous_commit is off: ${LOSES}, set it to on`);
    if (commit === 'local' && standbys !== '')
      texts.push('synchronous_commit is local: a standby that takes over can lack what was acknowledged, set it to on');
    if (pages === 'off') texts.push(`full_page_writes is off: ${LOSES} on most file systems, set it to on`);
    return texts.map((text) => `${databaseLabel(address)}: ${text}`);
  }
}

const LOSES = 'a crash can lose what was acknowledged';

function numbered(sql: string): string {
  return fillHoles(sql, (index) => `$${index + 1}`);
}

function textOf(cell: Cell): Cell {
  return typeof cell === 'string' ? fromWire(cell) : cell;
}

function cellOf(value: unknown): Cell {
  return typeof value === 'string' ? toWire(value) : (value as Cell);
}
