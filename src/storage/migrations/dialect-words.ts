/** The few words in which the dialects' table definitions differ. */
import { type Kysely, MysqlAdapter, type RawBuilder, sql } from 'kysely';

export function isMysql(db: Kysely<unknown>): boolean {
  return db.getExecutor().adapter instanceof MysqlAdapter;
}

/** Own tables compare byte by byte, in both dialects alike. */
export function tableEnd(db: Kysely<unknown>): RawBuilder<unknown> {
  return isMysql(db) ? sql`ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin` : sql``;
}

export function blobType(db: Kysely<unknown>): 'blob' | RawBuilder<unknown> {
  return isMysql(db) ? sql`varbinary(1024)` : 'blob';
}

/** MySQL has no IF NOT EXISTS for it. */
export async function createIndex(db: Kysely<unknown>, name: string, table: string, columns: string[]): Promise<void> {
  const create = db.schema.createIndex(name).on(table).columns(columns);
  if (!isMysql(db)) return create.ifNotExists().execute();
  await create.execute().catch((error) => {
    if (error.code !== 'ER_DUP_KEYNAME') throw error;
  });
}
