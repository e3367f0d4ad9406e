/** Names that are locked though nobody of our own has them. Not 0014: databases that are at 0015 must find it behind what they have. */
import type { Kysely } from 'kysely';
import { tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('gh_locked')
    .ifNotExists()
    .addColumn('login', textType(db, 384), (c) => c.primaryKey())
    .addColumn('name', textType(db, 128), (c) => c.notNull())
    .addColumn('domain', textType(db, 128), (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('actor', textType(db, 200), (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('gh_locked').ifExists().execute();
}
