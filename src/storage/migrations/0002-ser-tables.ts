/** The SER tables, where there are none yet: in a database that held some before, all of them stay the owner's affair. */
import { type Kysely, sql } from 'kysely';
import { SER_TABLES } from '../ser/definitions.ts';
import { forgetOwn, listOwn, makeOwn } from '../ser/own.ts';
import { dialectOf } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const there = await tableNames(db);
  const own = await listOwn(db);
  // Own ones are there when this was cut short.
  if (there.some((name) => name in SER_TABLES && !own.includes(name))) return;
  for (const [name, definition] of Object.entries(SER_TABLES)) {
    await makeOwn(db, name, definition(name, dialectOf(db)));
  }
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const name of await listOwn(db)) {
    await db.schema.dropTable(name).ifExists().execute();
    await forgetOwn(db, name);
  }
}

async function tableNames(db: Kysely<unknown>): Promise<string[]> {
  const tables = (await db.introspection.getTables()).map(({ name, schema }) => ({ name: name.toLowerCase(), schema }));
  if (dialectOf(db) !== 'postgres') return tables.map(({ name }) => name);
  const { rows } = await sql<{ name: string }>`SELECT unnest(current_schemas(false)) AS name`.execute(db);
  const visible = rows.map(({ name }) => name);
  return tables.filter(({ schema }) => visible.includes(schema!)).map(({ name }) => name);
}
