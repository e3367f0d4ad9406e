/** Calls that are under way, so that they can be listed and ended after a restart, too. */
import { type Kysely, sql } from 'kysely';
import { dialectOf, tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const entry = sql.raw(dialectOf(db) === 'mysql' ? 'mediumtext' : 'text');
  await db.schema
    .createTable('gh_call')
    .ifNotExists()
    .addColumn('id', textType(db, 16), (c) => c.primaryKey())
    .addColumn('entry', entry, (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('gh_call').ifExists().execute();
}
