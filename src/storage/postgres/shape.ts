/** Columns and unique keys of a table, from the system catalogue; the search path says which table a name means. */
import type { Column, Row, TableShape } from '../table-shape.ts';
import { quoteName } from './literal.ts';

export type Ask = (sql: string, values: readonly string[]) => Promise<Row[]>;

export async function postgresShape(ask: Ask, table: string): Promise<TableShape | undefined> {
  const name = quoteName(table);
  const columns = await ask(
    `SELECT attname::text, typname::text, atttypmod, attnotnull FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
      WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [name],
  );
  if (columns.length === 0) return undefined;
  // Those that ON CONFLICT can be told: whole, of plain columns, checked at once.
  const keys = await ask(
    `SELECT indexrelid, attname::text FROM pg_index CROSS JOIN unnest(indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
      JOIN pg_attribute a ON a.attrelid = indrelid AND a.attnum = k.attnum
      WHERE indrelid = to_regclass(?) AND indisunique AND indisvalid AND indimmediate AND indpred IS NULL
        AND indexprs IS NULL AND place <= indnkeyatts ORDER BY indexrelid, place`,
    [name],
  );
  const [kept] = await ask('SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass(?)', [name]);
  const byIndex = Map.groupBy(keys, ([index]) => index);
  return {
    columns: columns.map(columnOf),
    uniqueKeys: [...byIndex.values()].map((rows) => rows.map(([, column]) => String(column))),
    durable: kept?.[0] === 'p',
  };
}

function columnOf([name, type, modifier, notNull]: Row): Column {
  const kind = kindOf(String(type));
  const limited = type === 'varchar' || type === 'bpchar';
  const limit = limited && Number(modifier) > 4 ? Number(modifier) - 4 : 0;
  return { name: String(name), limit, nullable: notNull === 'f', kind };
}

function kindOf(type: string): Column['kind'] {
  if (/^(timestamp|date|time)/.test(type)) return 'time';
  if (/^int\d$/.test(type)) return 'integer';
  return /^(float\d|numeric)$/.test(type) ? 'real' : 'text';
}
