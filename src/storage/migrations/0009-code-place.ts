/** Places where users gave one-time codes. */
import type { Kysely } from 'kysely';
import { tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('gh_code_place')
    .ifNotExists()
    .addColumn('id', textType(db, 64), (c) => c.primaryKey())
    .addColumn('proven', 'bigint', (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('gh_code_place').ifExists().execute();
}
