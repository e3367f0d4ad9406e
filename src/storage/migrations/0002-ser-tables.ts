/** The SER tables, where there are none yet: in a database that held some before, all of them stay the owner's affair. */
import { type Kysely, sql } from 'kysely';
import { SER_TABLES } from '../ser/definitions.ts';
import { forgetOwn, listOwn, markOwn } from '../ser/own.ts';
import { isMysql } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const there = new Set((await db.introspection.getTables()).map(({ name }) => name.toLowerCase()));
  const names = Object.keys(SER_TABLES);
  if (names.some((name) => there.has(name))) return;
  for (const [name, definition] of Object.entries(SER_TABLES)) {
    for (const statement of definition(name, isMysql(db) ? 'mysql' : 'sqlite')) await sql.raw(statement).execute(db);
    await markOwn(db, name);
  }
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const name of await listOwn(db)) {
    await db.schema.dropTable(name).ifExists().execute();
    await forgetOwn(db, name);
  }
}
