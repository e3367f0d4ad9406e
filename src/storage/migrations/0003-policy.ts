/** The rules that administrators set. */
import { type Kysely, sql } from 'kysely';
import { tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const condition = textType(db, 2000);
  const all = sql`''`;
  await db.schema
    .createTable('gh_policy')
    .ifNotExists()
    .addColumn('name', textType(db, 64), (c) => c.primaryKey())
    .addColumn('scope', textType(db, 32), (c) => c.notNull())
    .addColumn('actions', textType(db, 2000), (c) => c.notNull())
    .addColumn('users', condition, (c) => c.notNull().defaultTo(all))
    .addColumn('realms', condition, (c) => c.notNull().defaultTo(all))
    .addColumn('clients', condition, (c) => c.notNull().defaultTo(all))
    .addColumn('times', condition, (c) => c.notNull().defaultTo(all))
    .addColumn('active', 'smallint', (c) => c.notNull().defaultTo(1))
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('gh_policy').ifExists().execute();
}
