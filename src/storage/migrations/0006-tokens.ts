/** Tokens, challenges under way, and the keys of system configuration. Seeds and PINs are sealed or keyed texts. */
import { type Kysely, sql } from 'kysely';
import { createIndex, tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const end = tableEnd(db);
  const text = (length: number) => textType(db, length);
  const none = sql`''`;
  await db.schema
    .createTable('gh_token')
    .ifNotExists()
    .addColumn('serial', text(64), (c) => c.primaryKey())
    .addColumn('type', text(16), (c) => c.notNull())
    .addColumn('owner_source', text(128), (c) => c.notNull().defaultTo(none))
    .addColumn('owner_id', text(255), (c) => c.notNull().defaultTo(none))
    .addColumn('login', text(384), (c) => c.notNull().defaultTo(none))
    .addColumn('realms', text(1000), (c) => c.notNull())
    .addColumn('phone', text(64), (c) => c.notNull())
    .addColumn('description', text(255), (c) => c.notNull())
    .addColumn('active', 'smallint', (c) => c.notNull())
    .addColumn('counter', 'bigint', (c) => c.notNull())
    .addColumn('fail_count', 'integer', (c) => c.notNull())
    .addColumn('pin', text(128), (c) => c.notNull())
    .addColumn('seed', text(400), (c) => c.notNull())
    .addColumn('settings', text(1500), (c) => c.notNull())
    .addColumn('created', 'bigint', (c) => c.notNull())
    .addColumn('last_match', 'bigint', (c) => c.notNull())
    .addColumn('last_success', 'bigint', (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await createIndex(db, 'gh_token_owner', 'gh_token', ['owner_source', 'owner_id']);
  await db.schema
    .createTable('gh_challenge')
    .ifNotExists()
    .addColumn('transaction_id', text(32), (c) => c.primaryKey())
    .addColumn('payload', text(2000), (c) => c.notNull())
    .addColumn('mac', text(64), (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createTable('gh_system_config')
    .ifNotExists()
    .addColumn('name', text(255), (c) => c.primaryKey())
    .addColumn('value', text(2000), (c) => c.notNull())
    .modifyEnd(end)
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['gh_system_config', 'gh_challenge', 'gh_token']) {
    await db.schema.dropTable(table).ifExists().execute();
  }
}
