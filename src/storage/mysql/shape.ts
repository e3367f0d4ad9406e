/** Columns, unique keys and engine of a table, from the information schema. */
import type { Column, Row, TableShape } from '../table-shape.ts';

/** Engines whose rows a crash can take, whatever was acknowledged. */
const FORGETFUL = /^(myisam|memory|csv|blackhole|mrg_myisam)$/i;

export type Ask = (sql: string, values: readonly string[]) => Promise<Row[]>;

export async function mysqlShape(ask: Ask, table: string): Promise<TableShape | undefined> {
  const here = 'TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?';
  const columns = await ask(
    `SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE, COLLATION_NAME FROM information_schema.COLUMNS
      WHERE ${here} ORDER BY ORDINAL_POSITION`,
    [table],
  );
  if (columns.length === 0) return undefined;
  const keys = await ask(
    `SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS
      WHERE ${here} AND NON_UNIQUE = 0 AND SUB_PART IS NULL ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
    [table],
  );
  const [engine] = await ask(`SELECT ENGINE FROM information_schema.TABLES WHERE ${here}`, [table]);
  const byIndex = Map.groupBy(keys, ([index]) => String(index));
  return {
    columns: columns.map(columnOf),
    uniqueKeys: [...byIndex.values()].map((rows) => rows.map(([, column]) => String(column))),
    durable: !FORGETFUL.test(String(engine?.[0] ?? '')),
  };
}

function columnOf([name, type, length, nullable, collation]: Row): Column {
  const kind = kindOf(String(type).toLowerCase());
  const limit = kind === 'text' ? Number(length ?? 0) : 0;
  return { name: String(name), limit, nullable: nullable === 'YES', kind, collation: collation?.toString() };
}

function kindOf(type: string): Column['kind'] {
  if (/^(datetime|timestamp|date|time)$/.test(type)) return 'time';
  if (type.endsWith('int')) return 'integer';
  return /^(float|double|decimal)$/.test(type) ? 'real' : 'text';
}
