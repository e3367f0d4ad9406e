/** Refreshes that are durable but not in their rows yet: see refresh-log.ts. */
import { type Kysely, sql } from 'kysely';
import { dialectOf, tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const entry = sql.raw(dialectOf(db) === 'mysql' ? 'mediumtext' : 'text');
  await db.schema
    .createTable('gh_refresh')
    .ifNotExists()
    .addColumn('id', textType(db, 32), (c) => c.primaryKey())
    .addColumn('entry', entry, (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('gh_refresh').ifExists().execute();
}
