/** Resolvers, whose `config` is sealed, and realms; a mobile number for local users. `resolvers` is a list with commas. */
import { type Kysely, sql } from 'kysely';
import { addColumn, blobType, tableEnd, textType } from './dialect-words.ts';

const LARGEST_CONFIG = 40_000;

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumn(db, 'gh_user', sql`mobile ${textType(db, 64)} DEFAULT '' NOT NULL`);
  await db.schema
    .createTable('gh_resolver')
    .ifNotExists()
    .addColumn('name', textType(db, 64), (c) => c.primaryKey())
    .addColumn('type', textType(db, 32), (c) => c.notNull())
    .addColumn('config', blobType(db, LARGEST_CONFIG), (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
  await db.schema
    .createTable('gh_realm')
    .ifNotExists()
    .addColumn('name', textType(db, 255), (c) => c.primaryKey())
    .addColumn('resolvers', textType(db, 4000), (c) => c.notNull())
    .addColumn('is_default', 'smallint', (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['gh_realm', 'gh_resolver']) await db.schema.dropTable(table).ifExists().execute();
  await db.schema.alterTable('gh_user').dropColumn('mobile').execute();
}
