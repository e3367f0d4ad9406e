/** node:sqlite, and nothing else in storage imports it: its class is to be renamed. Shaped for Kysely's SqliteDialect. */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase } from 'kysely';
import type { Cell } from '../batch.ts';
import type { Row } from '../table-shape.ts';

/** A prepared statement that gives rows as arrays. */
export interface Statement {
  run(values: readonly (Cell | Uint8Array)[]): number;
  all(values: readonly Cell[]): Row[];
  each(onRow: (row: Row) => void): void;
}

export interface SqliteFile extends SqliteDatabase {
  exec(sql: string): void;
  raw(sql: string): Statement;
  /** The work in a transaction that has the file to itself from the start. */
  whole<T>(work: () => Promise<T>): Promise<T>;
}

export function openSqlite(path: string): SqliteFile {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path, { timeout: 1_000 });
  if (path !== ':memory:') chmodSync(path, 0o600);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  return {
    exec: (sql) => db.exec(sql),
    raw: (sql) => rawStatement(db.prepare(sql)),
    async whole(work) {
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = await work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    },
    // When the disk is full SQLite has rolled back by itself, and the reason must not be lost behind a second complaint.
    prepare: (sql) => (sql === 'rollback' && !db.isTransaction ? NOTHING : kyselyStatement(db.prepare(sql))),
    close: () => db.close(),
  };
}

const NOTHING: ReturnType<SqliteDatabase['prepare']> = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

function rawStatement(statement: StatementSync): Statement {
  statement.setReturnArrays(true);
  return {
    run: (values) => Number(statement.run(...(values as SQLInputValue[])).changes),
    all: (values) => statement.all(...(values as SQLInputValue[])) as unknown as Row[],
    each(onRow) {
      for (const row of statement.iterate()) onRow(row as unknown as Row);
    },
  };
}

function kyselyStatement(statement: StatementSync): ReturnType<SqliteDatabase['prepare']> {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}
