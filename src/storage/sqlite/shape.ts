/** Columns and unique keys of a table, from SQLite's pragmas. */
import type { Column, TableShape } from '../table-shape.ts';
import type { SqliteFile } from './driver.ts';

export function sqliteShape(file: SqliteFile, table: string): TableShape | undefined {
  const rows = file.raw('SELECT name, type, "notnull", pk FROM pragma_table_info(?)').all([table]);
  if (rows.length === 0) return undefined;
  const columns = rows.map(([name, type, notNull]) => columnOf(String(name), String(type), notNull === 0));
  const indexes = file.raw('SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0').all([table]);
  const named = file.raw('SELECT name FROM pragma_index_info(?) ORDER BY seqno');
  const uniqueKeys = indexes.map(([index]) => named.all([index!]).map(([name]) => String(name)));
  return { columns, uniqueKeys, durable: true };
}

function columnOf(name: string, type: string, nullable: boolean): Column {
  const text = /^(?:var)?char(?:acter)?\s*\((\d+)\)/i.exec(type);
  if (text) return { name, limit: Number(text[1]), nullable, kind: 'text' };
  if (/date|time/i.test(type)) return { name, limit: 0, nullable, kind: 'time' };
  if (/int/i.test(type)) return { name, limit: 0, nullable, kind: 'integer' };
  return { name, limit: 0, nullable, kind: /real|float|double/i.test(type) ? 'real' : 'text' };
}
