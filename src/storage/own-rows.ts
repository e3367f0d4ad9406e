/** Rows of Gatehouse's own tables that come with the journal: read here (worker side), and written by each dialect as SQL of this file. */
import { type Kysely, sql } from 'kysely';
import type { OwnCell, OwnTable, OwnValues } from '../core/journal/own-table.ts';
import type { Schema } from './tables.ts';

/** What a batch does to one such table: each key is in one of the lists, once. */
export interface OwnWork {
  readonly table: OwnTable;
  readonly puts: OwnValues[];
  readonly drops: string[];
}

/** Columns of these names are numbers to us, whatever a driver makes of a bigint. */
type Found = Record<string, OwnCell>;

export async function readOwn(
  db: Kysely<Schema>,
  { name, columns }: OwnTable,
  where: Readonly<Record<string, OwnCell>>,
): Promise<OwnValues[]> {
  const tests = Object.entries(where).map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
  const condition = tests.length > 0 ? sql` WHERE ${sql.join(tests, sql` AND `)}` : sql``;
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const { rows } = await sql<Found>`SELECT ${names} FROM ${sql.table(name)}${condition}`.execute(db);
  return rows.map((row) => columns.map((column) => row[column]!));
}

/** `upsertTail`: what follows the values where the key may be there. */
export function ownSql(
  works: readonly OwnWork[],
  literal: (value: OwnCell) => string,
  upsertTail: (table: OwnTable) => string,
): string[] {
  return works.flatMap(({ table, puts, drops }) => {
    const statements: string[] = [];
    if (drops.length > 0) {
      statements.push(`DELETE FROM ${table.name} WHERE ${table.columns[0]} IN (${drops.map(literal).join(', ')})`);
    }
    if (puts.length > 0) {
      const rows = puts.map((values) => `(${values.map(literal).join(', ')})`);
      statements.push(`${insertOwn(table)} ${rows.join(', ')} ${upsertTail(table)}`);
    }
    return statements;
  });
}

export function insertOwn({ name, columns }: OwnTable): string {
  return `INSERT INTO ${name} (${columns.join(', ')}) VALUES`;
}

/** As SQLite and PostgreSQL say it. */
export function onConflict({ columns: [key, ...rest] }: OwnTable): string {
  return `ON CONFLICT (${key}) DO UPDATE SET ${rest.map((name) => `${name} = excluded.${name}`).join(', ')}`;
}

export function onDuplicateKey({ columns: [, ...rest] }: OwnTable): string {
  return `ON DUPLICATE KEY UPDATE ${rest.map((name) => `${name} = VALUES(${name})`).join(', ')}`;
}
