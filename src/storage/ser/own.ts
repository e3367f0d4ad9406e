/** Which SER tables are our own: one row of gh_meta each, written before the table is made, so that no crash comes between. */
import { type QueryExecutorProvider, sql } from 'kysely';
import { upsert } from '../upsert.ts';

const PREFIX = 'ser-table:';

/** The statements may be carried out again, should a crash cut them short. */
export async function makeOwn(db: QueryExecutorProvider, table: string, statements: readonly string[]): Promise<void> {
  await upsert(db, 'gh_meta', { name: PREFIX + table, value: 'own' }, 'name');
  try {
    for (const statement of statements) await sql.raw(statement).execute(db);
  } catch (error) {
    // What could not be made is not ours when somebody else makes it.
    await forgetOwn(db, table).catch(() => {});
    throw error;
  }
}

export async function forgetOwn(db: QueryExecutorProvider, table: string): Promise<void> {
  await sql`DELETE FROM gh_meta WHERE name = ${PREFIX + table}`.execute(db);
}

export async function listOwn(db: QueryExecutorProvider): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`SELECT name FROM gh_meta WHERE name LIKE ${`${PREFIX}%`}`.execute(db);
  return rows.map(({ name }) => name.slice(PREFIX.length));
}
