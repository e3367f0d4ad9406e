/** Who is in behind network equipment, the equipment itself, and what went through a session that is over. */
import type { Kysely } from 'kysely';
import { tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const end = tableEnd(db);
  const text = (length: number) => textType(db, length);
  await db.schema
    .createTable('gh_radius_session')
    .ifNotExists()
    .addColumn('session', text(64), (c) => c.primaryKey())
    .addColumn('login', text(384), (c) => c.notNull())
    .addColumn('place', text(128), (c) => c.notNull())
    .addColumn('equipment', text(64), (c) => c.notNull())
    .addColumn('address', text(64), (c) => c.notNull())
    .addColumn('station', text(64), (c) => c.notNull())
    .addColumn('identity', text(4000), (c) => c.notNull())
    .addColumn('started', 'bigint', (c) => c.notNull())
    .addColumn('ends', 'bigint', (c) => c.notNull())
    .addColumn('heard', 'bigint', (c) => c.notNull())
    .addColumn('sent', 'bigint', (c) => c.notNull())
    .addColumn('received', 'bigint', (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createTable('gh_radius_client')
    .ifNotExists()
    .addColumn('name', text(64), (c) => c.primaryKey())
    .addColumn('network', text(64), (c) => c.notNull())
    .addColumn('secret', text(400), (c) => c.notNull())
    .addColumn('settings', text(400), (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  for (const column of ['sent', 'received']) {
    const there = await columnsOf(db, 'gh_history');
    if (!there.includes(column)) await db.schema.alterTable('gh_history').addColumn(column, 'bigint').execute();
  }
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const column of ['sent', 'received']) await db.schema.alterTable('gh_history').dropColumn(column).execute();
  for (const table of ['gh_radius_client', 'gh_radius_session']) await db.schema.dropTable(table).ifExists().execute();
}

/** One that was cut short may have made some of them. */
async function columnsOf(db: Kysely<unknown>, table: string): Promise<string[]> {
  const tables = await db.introspection.getTables();
  return tables.filter(({ name }) => name === table).flatMap(({ columns }) => columns.map(({ name }) => name));
}
