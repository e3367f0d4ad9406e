/** Gatehouse's own tables: users and their logins, administrators, history, small values. */
import { type Kysely, sql } from 'kysely';
import { upsert } from '../upsert.ts';
import { blobType, createIndex, tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const end = tableEnd(db);
  const text = (length: number) => textType(db, length);
  const none = sql`''`;
  await db.schema
    .createTable('gh_meta')
    .ifNotExists()
    .addColumn('name', text(64), (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createTable('gh_user')
    .ifNotExists()
    .addColumn('id', 'bigint', (c) => c.primaryKey())
    .addColumn('email', text(254), (c) => c.notNull().defaultTo(none))
    .addColumn('locked', 'smallint', (c) => c.notNull().defaultTo(0))
    .addColumn('password', blobType(db))
    .addColumn('created', 'bigint', (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createTable('gh_login')
    .ifNotExists()
    .addColumn('name', text(128), (c) => c.notNull())
    .addColumn('domain', text(255), (c) => c.notNull().defaultTo(none))
    .addColumn('user_id', 'bigint', (c) => c.notNull())
    .addColumn('position', 'smallint', (c) => c.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('gh_login_name', ['name', 'domain'])
    .addForeignKeyConstraint('gh_login_of', ['user_id'], 'gh_user', ['id'], (c) => c.onDelete('cascade'))
    .modifyEnd(end)
    .execute();
  await createIndex(db, 'gh_login_user', 'gh_login', ['user_id', 'position']);
  await db.schema
    .createTable('gh_admin')
    .ifNotExists()
    .addColumn('name', text(128), (c) => c.primaryKey())
    .addColumn('hash', text(255), (c) => c.notNull())
    .addColumn('changed', 'bigint', (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createTable('gh_history')
    .ifNotExists()
    .addColumn('session', text(700), (c) => c.notNull())
    .addColumn('started', 'bigint', (c) => c.notNull())
    .addColumn('door', text(16), (c) => c.notNull())
    .addColumn('login', text(384), (c) => c.notNull())
    .addColumn('client', text(128), (c) => c.notNull())
    .addColumn('ended', 'bigint', (c) => c.notNull())
    .addColumn('reason', text(16), (c) => c.notNull())
    .addPrimaryKeyConstraint('gh_history_session', ['session', 'started'])
    .modifyEnd(end)
    .execute();
  await createIndex(db, 'gh_history_ended', 'gh_history', ['ended']);
  await upsert(db, 'gh_meta', { name: 'next-user', value: '1' }, 'name');
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['gh_history', 'gh_admin', 'gh_login', 'gh_user', 'gh_meta']) {
    await db.schema.dropTable(table).ifExists().execute();
  }
}
