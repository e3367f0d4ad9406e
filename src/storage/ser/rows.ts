/** Rows of the small tables that modules ask for (worker side). */
import type { RowCells, RowsMatch, RowsSpec } from '../../core/ser/types.ts';
import type { Database } from '../database.ts';
import { hasColumn } from '../table-shape.ts';
import type { Tables } from './tables.ts';

export async function readRows(tables: Tables, spec: RowsSpec, where: RowsMatch, most: number): Promise<RowCells[]> {
  const { db, shape } = await tables.find(spec.kind, spec);
  const columns = spec.columns.map((name) => db.quoteName(name)).join(', ');
  const tests = ['1 = 1', ...where.map(([column]) => `${db.quoteName(column)} = ?`)].join(' AND ');
  const order = hasColumn(shape, 'id') ? ` ORDER BY ${db.quoteName('id')}` : '';
  const sql = `SELECT ${columns} FROM ${db.quoteName(spec.table)} WHERE ${tests}${order} LIMIT ${Math.floor(most)}`;
  const values = where.map(([, value]) => value);
  return db.select(sql, values);
}

/** A statement that a script brings. */
export async function ask(db: Database, sql: string, values: RowCells, most: number): Promise<RowCells[]> {
  if (/^\s*select\b/i.test(sql)) return (await db.select(sql, values)).slice(0, most);
  await db.alone(() => db.run(sql, values));
  return [];
}
