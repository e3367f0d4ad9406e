/** How rows are written to one of the small tables: found once from its columns, then followed by each change. */
import type { RowCell, RowsMatch, RowsSpec } from '../../core/ser/types.ts';
import type { BatchRow, Cell } from '../batch.ts';
import { type Column, columnOf, type TableShape } from '../table-shape.ts';
import { toDatetime } from './datetime.ts';

export interface RowsPlan {
  readonly table: string;
  /** A name as it stands in statements. */
  readonly quote: (name: string) => string;
  /** In the order of the spec's columns. */
  readonly columns: readonly Column[];
}

/** What a batch does, one after the other. */
export type RowChange =
  | { readonly plan: RowsPlan; readonly values: readonly Cell[] }
  | { readonly plan: RowsPlan; readonly where: RowsMatch };

/** The columns are there. */
export function planRows(spec: RowsSpec, shape: TableShape, quote: RowsPlan['quote']): RowsPlan {
  return { table: spec.table, quote, columns: spec.columns.map((name) => columnOf(shape, name)!) };
}

export function rowChange(plan: RowsPlan, { change }: BatchRow): RowChange {
  if ('where' in change) return { plan, where: change.where };
  return { plan, values: plan.columns.map((column, i) => cellFor(column, change.values[i] ?? null)) };
}

/** The first text that does not fit and must not be cut, as a sentence. */
export function rowMisfit({ table, columns }: RowsPlan, { change }: BatchRow): string | undefined {
  if ('where' in change || change.cut) return undefined;
  for (const [i, { name, limit }] of columns.entries()) {
    const value = change.values[i];
    if (limit > 0 && typeof value === 'string' && value.length > limit) {
      return `column ${name} of table ${table} holds ${limit} characters, the value has ${value.length}`;
    }
  }
  return undefined;
}

function cellFor({ kind, limit, nullable }: Column, value: RowCell): Cell {
  if (value === null) return nullable || kind !== 'text' ? null : '';
  if (kind === 'time' && typeof value === 'number') return toDatetime(value);
  return typeof value === 'string' && limit > 0 ? value.slice(0, limit) : value;
}
