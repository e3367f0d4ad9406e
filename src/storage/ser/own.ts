/** Which SER tables are our own: one row of gh_meta each, written when the table is made. */
import { type QueryExecutorProvider, sql } from 'kysely';

const PREFIX = 'ser-table:';

export async function markOwn(db: QueryExecutorProvider, table: string): Promise<void> {
  await sql`INSERT INTO gh_meta (name, value) VALUES (${PREFIX + table}, 'own')`.execute(db);
}

export async function forgetOwn(db: QueryExecutorProvider, table: string): Promise<void> {
  await sql`DELETE FROM gh_meta WHERE name = ${PREFIX + table}`.execute(db);
}

export async function listOwn(db: QueryExecutorProvider): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`SELECT name FROM gh_meta WHERE name LIKE ${`${PREFIX}%`}`.execute(db);
  return rows.map(({ name }) => name.slice(PREFIX.length));
}
