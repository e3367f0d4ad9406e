/** SQLite in one file: one connection, so that transactions stand in line (`alone`). WAL, an fsync at each commit. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CompiledQuery, Kysely, SqliteDialect } from 'kysely';
import type { Database } from '../database.ts';
import { quoteName } from '../table-shape.ts';
import type { Schema } from '../tables.ts';
import { databaseLabel, type SqliteAddress } from '../url.ts';
import { openSqlite } from './driver.ts';
import { sqliteShape } from './shape.ts';
import { sqliteWriter } from './writer.ts';

/** SQLITE_ result codes that speak of the file or the machine, not of the values. */
const UNAVAILABLE = new Set([5, 6, 7, 8, 10, 13, 14, 26]);

export function openSqliteDatabase(address: SqliteAddress): Database {
  const file = openSqlite(address.path);
  const kysely = new Kysely<Schema>({ dialect: new SqliteDialect({ database: file }) });
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
  return {
    dialect: 'sqlite',
    label: databaseLabel(address),
    kysely,
    writer: sqliteWriter(file),
    quoteName,
    alone,
    redefine: (work) => alone(() => kysely.connection().execute((on) => file.whole(() => work(on)))),
    select: async (sql, values) => file.raw(sql).all(values),
    each: async (sql, onRow) => file.raw(sql).each(onRow),
    runOn: async (on, sql, texts) =>
      Number((await on.executeQuery(CompiledQuery.raw(sql, [...texts]))).numAffectedRows ?? 0),
    run: async (sql, values) => file.raw(sql).run(values),
    shape: async (table) => sqliteShape(file, table),
    async tableNames() {
      const sql =
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
      return file
        .raw(sql)
        .all([])
        .map(([name]) => String(name));
    },
    async backup(directory, name) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const path = join(directory, `${name}.db`);
      file.raw('VACUUM INTO ?').run([path]);
      chmodSync(path, 0o600);
      return path;
    },
    warnings: async () => [],
    isUnavailable: (error) => UNAVAILABLE.has(((error as { errcode?: number }).errcode ?? 0) & 0xff),
    isRefusal: () => false,
    async close() {
      file.close();
    },
  };
}
