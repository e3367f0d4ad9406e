/** The SER tables, where there are none yet: in a database that held some before, all of them stay the owner's affair. */
import type { Kysely } from 'kysely';
import { SER_TABLES } from '../ser/definitions.ts';
import { forgetOwn, listOwn, makeOwn } from '../ser/own.ts';
import { isMysql } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const there = (await db.introspection.getTables()).map(({ name }) => name.toLowerCase());
  const own = await listOwn(db);
  // Own ones are there when this was cut short.
  if (there.some((name) => name in SER_TABLES && !own.includes(name))) return;
  for (const [name, definition] of Object.entries(SER_TABLES)) {
    await makeOwn(db, name, definition(name, isMysql(db) ? 'mysql' : 'sqlite'));
  }
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const name of await listOwn(db)) {
    await db.schema.dropTable(name).ifExists().execute();
    await forgetOwn(db, name);
  }
}
