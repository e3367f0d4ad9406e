/** What a database says of a table, and how a row of it arrives. */
import type { Cell } from './batch.ts';

export type Row = readonly Cell[];

export interface Column {
  readonly name: string;
  /** Longest text in characters; 0 = not a text, or without limit. */
  readonly limit: number;
  readonly nullable: boolean;
  readonly kind: 'text' | 'integer' | 'real' | 'time';
  /** Of a text, where the dialect has such a thing. */
  readonly collation?: string | undefined;
}

export interface TableShape {
  readonly columns: readonly Column[];
  /** Column names of each unique key. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** False: a crash can lose what was acknowledged (MyISAM). */
  readonly durable: boolean;
}

export function columnOf(shape: TableShape, name: string): Column | undefined {
  return shape.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

export function hasColumn(shape: TableShape, name: string): boolean {
  return columnOf(shape, name) !== undefined;
}

/** As SQLite and MySQL take it. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
