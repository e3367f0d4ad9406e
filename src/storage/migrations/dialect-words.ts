/** The few words in which the dialects' table definitions differ. */
import { type Kysely, MysqlAdapter, PostgresAdapter, type RawBuilder, sql } from 'kysely';
import type { Dialect } from '../database.ts';

export function dialectOf(db: Kysely<unknown>): Dialect {
  const { adapter } = db.getExecutor();
  if (adapter instanceof MysqlAdapter) return 'mysql';
  return adapter instanceof PostgresAdapter ? 'postgres' : 'sqlite';
}

/** Own tables compare byte by byte, in all dialects alike. */
export function tableEnd(db: Kysely<unknown>): RawBuilder<unknown> {
  return dialectOf(db) === 'mysql' ? sql`ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin` : sql``;
}

export function textType(db: Kysely<unknown>, length: number): RawBuilder<unknown> {
  const type = `varchar(${length})`;
  return sql.raw(dialectOf(db) === 'postgres' ? `${type} COLLATE "C"` : type);
}

/** `largest` in bytes. */
export function blobType(db: Kysely<unknown>, largest = 1024): RawBuilder<unknown> {
  return sql.raw({ sqlite: 'blob', mysql: `varbinary(${largest})`, postgres: 'bytea' }[dialectOf(db)]);
}

/** Again harmless where it has been added. */
export async function addColumn(db: Kysely<unknown>, table: string, definition: RawBuilder<unknown>): Promise<void> {
  const dialect = dialectOf(db);
  const guard = sql.raw(dialect === 'postgres' ? 'IF NOT EXISTS ' : '');
  await sql`ALTER TABLE ${sql.table(table)} ADD COLUMN ${guard}${definition}`.execute(db).catch((error) => {
    if (error.code !== 'ER_DUP_FIELDNAME' && !/duplicate column name/.test(error.message)) throw error;
  });
}

/** MySQL has no IF NOT EXISTS for it. */
export async function createIndex(db: Kysely<unknown>, name: string, table: string, columns: string[]): Promise<void> {
  const create = db.schema.createIndex(name).on(table).columns(columns);
  if (dialectOf(db) !== 'mysql') return create.ifNotExists().execute();
  await create.execute().catch((error) => {
    if (error.code !== 'ER_DUP_KEYNAME') throw error;
  });
}
