/** What the worker needs of a database; each dialect folder gives one. Texts of SER tables are latin1 strings. */
import type { Kysely } from 'kysely';
import type { HistoryRow } from '../core/journal/types.ts';
import type { Cell } from './batch.ts';
import type { OwnWork } from './own-rows.ts';
import type { LocationPlan } from './ser/location-plan.ts';
import type { RowChange } from './ser/rows-plan.ts';
import type { Row, TableShape } from './table-shape.ts';
import type { Schema } from './tables.ts';

/**
 * What a batch does to one location table: each key is in one of the lists, once. Offsets into `cells`. Among the puts are
 * refreshes; who cannot write them for less takes them as puts.
 */
export interface LocationWork {
  readonly plan: LocationPlan;
  readonly puts: number[];
  readonly deletes: number[];
}

/** What a batch does to one database. */
export interface Work {
  readonly cells: readonly Cell[];
  readonly locations: LocationWork[];
  /** In their order. */
  readonly rows: RowChange[];
  readonly own: OwnWork[];
  readonly history: HistoryRow[];
}

/** The journal's own connection. One batch at a time. */
export interface Writer {
  /** The work in one transaction. */
  write(work: Work, timeoutMs: number): Promise<void>;
  /** The work in a transaction left open; `after` runs while the database is at it. */
  begin(work: Work, timeoutMs: number, after: () => void): Promise<void>;
  commit(timeoutMs: number): Promise<void>;
  rollback(): Promise<void>;
}

export type Dialect = 'sqlite' | 'mysql' | 'postgres';

export interface Database {
  readonly dialect: Dialect;
  /** May be shown. */
  readonly label: string;
  /** For Gatehouse's own tables. */
  readonly kysely: Kysely<Schema>;
  readonly writer: Writer;
  /** A name as it stands in the raw statements. */
  quoteName(name: string): string;
  /** Keeps transactions apart where there is only one connection. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /**
   * For work that makes or drops tables: SQLite does it whole or not at all. MySQL commits at each statement, so the work
   * must be such that it can be done again from any point; PostgreSQL is treated alike.
   */
  redefine<T>(work: (on: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** For SER tables: raw statements with `?`. */
  select(sql: string, values: readonly Cell[]): Promise<Row[]>;
  /** Row by row, for whole tables. */
  each(sql: string, onRow: (row: Row) => void): Promise<void>;
  /** The same in a transaction of `kysely`'s; gives the rows affected. */
  runOn(on: Kysely<Schema>, sql: string, texts: readonly string[]): Promise<number>;
  /** Gives the rows affected. */
  run(sql: string, values: readonly Cell[]): Promise<number>;
  shape(table: string): Promise<TableShape | undefined>;
  tableNames(): Promise<string[]>;
  /** Writes a copy of what a migration could harm; gives its path. */
  backup(directory: string, name: string): Promise<string>;
  /** Settings of the server that can lose acknowledged writes, as sentences. */
  warnings(): Promise<string[]>;
  /** Is the failure the state of the database (may pass), and not the fault of the values? */
  isUnavailable(error: unknown): boolean;
  /** Does the server refuse this user or password? */
  isRefusal(error: unknown): boolean;
  close(): Promise<void>;
}

/** Work on Gatehouse's own connection, whole or not at all. */
export function transaction<T>(db: Database, work: (on: Kysely<Schema>) => Promise<T>): Promise<T> {
  return db.alone(() => db.kysely.transaction().execute(work));
}
