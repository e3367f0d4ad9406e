/** What became of messages; neither their texts nor whole numbers. */
import type { Kysely } from 'kysely';
import { tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const text = (length: number) => textType(db, length);
  await db.schema
    .createTable('gh_sms_message')
    .ifNotExists()
    .addColumn('id', text(20), (c) => c.primaryKey())
    .addColumn('sent', 'bigint', (c) => c.notNull())
    .addColumn('login', text(384), (c) => c.notNull())
    .addColumn('number', text(32), (c) => c.notNull())
    .addColumn('provider', text(64), (c) => c.notNull())
    .addColumn('state', text(16), (c) => c.notNull())
    .addColumn('answer', text(255), (c) => c.notNull())
    .addColumn('parts', text(2000), (c) => c.notNull())
    .modifyEnd(tableEnd(db))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('gh_sms_message').ifExists().execute();
}
