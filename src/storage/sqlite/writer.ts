/** Batches for SQLite: prepared statements run row by row inside one transaction, the cheapest way with no round trips. */

import type { OwnTable } from '../../core/journal/own-table.ts';
import type { Cell } from '../batch.ts';
import { FIELD } from '../batch.ts';
import type { LocationWork, Work, Writer } from '../database.ts';
import { insertOwn, type OwnWork, onConflict } from '../own-rows.ts';
import { cellFor, type LocationPlan } from '../ser/location-plan.ts';
import type { RowChange, RowsPlan } from '../ser/rows-plan.ts';
import { deleteSql, insertHead } from '../ser/rows-sql.ts';
import { quoteName } from '../table-shape.ts';
import type { SqliteFile, Statement } from './driver.ts';

interface Statements {
  readonly put: Statement;
  /** By key; with a domain that may be NULL for the empty one. */
  readonly remove: Statement;
}

const HISTORY_SQL = `INSERT INTO gh_history (session, door, login, client, started, ended, reason, sent, received)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session, started) DO UPDATE
  SET ended = excluded.ended, reason = excluded.reason, sent = excluded.sent, received = excluded.received`;

export function sqliteWriter(file: SqliteFile): Writer {
  const prepared = new WeakMap<LocationPlan, Statements>();
  const inserts = new WeakMap<RowsPlan, Statement>();
  /** By table. */
  const owns = new Map<string, Statements>();
  let history: Statement | undefined;

  return {
    async write(work) {
      file.exec('BEGIN IMMEDIATE');
      try {
        execute(work);
        file.exec('COMMIT');
      } catch (error) {
        rollback();
        throw error;
      }
    },
    async begin(work, _timeoutMs, after) {
      file.exec('BEGIN IMMEDIATE');
      execute(work);
      after();
    },
    async commit() {
      file.exec('COMMIT');
    },
    async rollback() {
      rollback();
    },
  };

  function rollback(): void {
    try {
      file.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
  }

  function execute(work: Work): void {
    for (const location of work.locations) writeLocation(work.cells, location);
    for (const change of work.rows) writeRow(change);
    for (const one of work.own) writeOwn(one);
    for (const row of work.history) {
      history ??= file.raw(HISTORY_SQL);
      const { session, door, user, client, started, ended, reason, sent = null, received = null } = row;
      history.run([session, door, user, client, started, ended, reason, sent, received]);
    }
  }

  function writeLocation(cells: readonly Cell[], { plan, puts, deletes }: LocationWork): void {
    const { put, remove } = statementsOf(plan);
    for (const at of deletes) remove.run(keyOf(plan, cells, at));
    for (const at of puts) {
      if (plan.replace === 'replace') remove.run(keyOf(plan, cells, at));
      put.run(plan.columns.map((column) => cellFor(column, cells, at)));
    }
  }

  function writeRow(change: RowChange): void {
    const { plan } = change;
    if ('where' in change) {
      const sql = deleteSql(
        plan,
        change.where.map(([column]) => [column, '?']),
      );
      file.raw(sql).run(change.where.map(([, value]) => value));
      return;
    }
    const insert = inserts.get(plan) ?? file.raw(`${insertHead(plan)} (${plan.columns.map(() => '?').join(', ')})`);
    inserts.set(plan, insert);
    insert.run(change.values);
  }

  function writeOwn({ table, puts, drops }: OwnWork): void {
    const { put, remove } = owns.get(table.name) ?? prepareOwn(table);
    for (const key of drops) remove.run([key]);
    for (const values of puts) put.run([...values]);
  }

  function prepareOwn(table: OwnTable): Statements {
    const [key] = table.columns;
    const made = {
      put: file.raw(`${insertOwn(table)} (${table.columns.map(() => '?').join(', ')}) ${onConflict(table)}`),
      remove: file.raw(`DELETE FROM ${table.name} WHERE ${key} = ?`),
    };
    owns.set(table.name, made);
    return made;
  }

  function statementsOf(plan: LocationPlan): Statements {
    const known = prepared.get(plan);
    if (known) return known;
    const made = { put: file.raw(putSql(plan)), remove: file.raw(removeSql(plan)) };
    prepared.set(plan, made);
    return made;
  }
}

function keyOf(plan: LocationPlan, cells: readonly Cell[], at: number): Cell[] {
  return plan.key.map(({ field }) => cells[at + FIELD[field]]!);
}

function removeSql(plan: LocationPlan): string {
  const tests = plan.key.map(({ name, nullable }) => {
    const column = nullable ? `COALESCE(${quoteName(name)}, '')` : quoteName(name);
    return `${column} = ?`;
  });
  return `DELETE FROM ${quoteName(plan.table)} WHERE ${tests.join(' AND ')}`;
}

function putSql(plan: LocationPlan): string {
  const names = plan.columns.map(({ name }) => quoteName(name));
  const insert = `INSERT INTO ${quoteName(plan.table)} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  if (plan.replace === 'replace') return insert;
  const key = plan.replace === 'unique' ? plan.key.map(({ name }) => quoteName(name)) : [quoteName('ruid')];
  const rest = names.filter((name) => !key.includes(name)).map((name) => `${name} = excluded.${name}`);
  return `${insert} ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${rest.join(', ')}`;
}
