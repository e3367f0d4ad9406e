/** Vouchers, the batches that they were made in, and the sessions by them. */
import type { Kysely } from 'kysely';
import { createIndex, tableEnd, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const end = tableEnd(db);
  const text = (length: number) => textType(db, length);
  await db.schema
    .createTable('gh_voucher_batch')
    .ifNotExists()
    .addColumn('name', text(32), (c) => c.primaryKey())
    .addColumn('terms', text(1000), (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('made', 'bigint', (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createTable('gh_voucher')
    .ifNotExists()
    .addColumn('mark', text(64), (c) => c.primaryKey())
    .addColumn('id', text(40), (c) => c.notNull())
    .addColumn('batch', text(32), (c) => c.notNull())
    .addColumn('sealed', text(200), (c) => c.notNull())
    .addColumn('revoked', 'bigint', (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await db.schema
    .createTable('gh_voucher_use')
    .ifNotExists()
    .addColumn('session', text(64), (c) => c.primaryKey())
    .addColumn('voucher', text(40), (c) => c.notNull())
    .addColumn('batch', text(32), (c) => c.notNull())
    .addColumn('mac', text(20), (c) => c.notNull())
    .addColumn('started', 'bigint', (c) => c.notNull())
    .addColumn('sent', 'bigint', (c) => c.notNull())
    .addColumn('received', 'bigint', (c) => c.notNull())
    .modifyEnd(end)
    .execute();
  await createIndex(db, 'gh_voucher_id', 'gh_voucher', ['id']);
  await createIndex(db, 'gh_voucher_batch_of', 'gh_voucher', ['batch']);
  await createIndex(db, 'gh_voucher_use_of', 'gh_voucher_use', ['voucher']);
  await createIndex(db, 'gh_voucher_use_in', 'gh_voucher_use', ['batch']);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['gh_voucher_use', 'gh_voucher', 'gh_voucher_batch'])
    await db.schema.dropTable(table).ifExists().execute();
}
