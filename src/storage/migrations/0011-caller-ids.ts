/** What a local user is called by others: the Remote-Party-ID, which load_credentials reads as `rpid`. */
import { type Kysely, sql } from 'kysely';
import { addColumn, textType } from './dialect-words.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumn(db, 'gh_user', sql`rpid ${textType(db, 128)} DEFAULT '' NOT NULL`);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('gh_user').dropColumn('rpid').execute();
}
