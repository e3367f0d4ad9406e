/** A row of one of Gatehouse's own tables, made or changed: the one statement whose form the dialects do not share. */
import { MysqlAdapter, type QueryExecutorProvider, sql } from 'kysely';

/** `key`: the column of the primary key. */
export async function upsert(
  db: QueryExecutorProvider,
  table: string,
  row: Readonly<Record<string, string | number>>,
  key: string,
): Promise<void> {
  const names = Object.keys(row);
  const isMysql = db.getExecutor().adapter instanceof MysqlAdapter;
  const sets = names
    .filter((name) => name !== key)
    .map((name) =>
      isMysql
        ? sql`${sql.ref(name)} = VALUES(${sql.ref(name)})`
        : sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`,
    );
  const clash = isMysql ? sql`ON DUPLICATE KEY UPDATE` : sql`ON CONFLICT (${sql.ref(key)}) DO UPDATE SET`;
  await sql`INSERT INTO ${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))})
    VALUES (${sql.join(Object.values(row))}) ${clash} ${sql.join(sets)}`.execute(db);
}
