/** Numbers that users are called back at. */
import type { Kysely } from 'kysely';
import { tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const text = (length: number) => textType(db, length);
  await db.schema
    .createTable('gh_number')
    .ifNotExists()
    .addColumn('id', text(440), (c) => c.primaryKey())
    .addColumn('owner', text(400), (c) => c.notNull())
    .addColumn('alias', text(32), (c) => c.notNull())
    .addColumn('number', text(32), (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('gh_number').ifExists().execute();
}
