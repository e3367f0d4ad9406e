/** SMS providers; `config` is sealed. */
import type { Kysely } from 'kysely';
import { blobType, tableEnd, textType } from './dialect-words.ts';

const LARGEST_CONFIG = 20_000;

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('gh_sms_provider')
    .ifNotExists()
    .addColumn('name', textType(db, 64), (c) => c.primaryKey())
    .addColumn('class', textType(db, 64), (c) => c.notNull())
    .addColumn('config', blobType(db, LARGEST_CONFIG), (c) => c.notNull())
    .addColumn('timeout', 'integer')
    .addColumn('is_default', 'smallint', (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('gh_sms_provider').ifExists().execute();
}
