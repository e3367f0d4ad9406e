/**
 * Batches for MySQL and MariaDB: one multi-row upsert and one grouped delete per table, as SQL text in one packet.
 *
 * A batch that is one statement goes without a transaction: InnoDB makes it whole by itself.
 */
import type { Connection } from 'mysql2';
import { type Cell, FIELD } from '../batch.ts';
import type { LocationWork, Work, Writer } from '../database.ts';
import { cellFor, type LocationPlan } from '../ser/location-plan.ts';
import { quoteName } from '../table-shape.ts';
import type { MysqlAddress } from '../url.ts';
import { connectWriter } from './connect.ts';
import { literal, unicodeLiteral } from './literal.ts';

export interface MysqlWriter extends Writer {
  close(): void;
}

interface Frame {
  readonly head: string;
  readonly tail: string;
}

const HISTORY: Frame = {
  head: 'INSERT INTO gh_history (session, door, login, client, started, ended, reason) VALUES ',
  tail: ' ON DUPLICATE KEY UPDATE ended = VALUES(ended), reason = VALUES(reason)',
};

export function mysqlWriter(address: MysqlAddress): MysqlWriter {
  const frames = new WeakMap<LocationPlan, Frame>();
  let connection: Connection | undefined;
  /** A connection given up in the middle of a statement, which a server that wakes up might still carry out. */
  let abandoned: number | undefined;

  return {
    async write(work, timeoutMs) {
      const statements = statementsOf(work);
      if (statements.length === 0) return;
      await connect(timeoutMs);
      if (statements.length === 1) return send(statements[0]!, timeoutMs);
      try {
        await send(`START TRANSACTION;${statements.join(';')};COMMIT`, timeoutMs);
      } catch (error) {
        await rollback();
        throw error;
      }
    },
    async begin(work, timeoutMs, after) {
      await connect(timeoutMs);
      const sent = send(['START TRANSACTION', ...statementsOf(work)].join(';'), timeoutMs);
      let fault: unknown;
      try {
        after();
      } catch (error) {
        fault = error;
      }
      await sent;
      if (fault !== undefined) throw fault;
    },
    commit: (timeoutMs) => send('COMMIT', timeoutMs),
    rollback,
    close: () => drop(),
  };

  async function connect(timeoutMs: number): Promise<void> {
    if (connection) return;
    connection = await connectWriter(address, timeoutMs);
    if (abandoned === undefined) return;
    // Before newer rows are written, so that the old ones cannot come after them. It may be gone, or somebody else's.
    await send(`KILL ${abandoned}`, timeoutMs).catch((error) => {
      if (error.fatal || error.code === 'PROTOCOL_SEQUENCE_TIMEOUT') throw error;
    });
    abandoned = undefined;
  }

  function send(sql: string, timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!connection) return reject(Object.assign(new Error('the connection was lost'), { fatal: true }));
      connection.query({ sql, timeout }, (error: (Error & { fatal?: boolean; code?: string }) | null) => {
        if (!error) return resolve();
        // After a time-out the answer may still come, and nobody could tell to which question.
        if (error.code === 'PROTOCOL_SEQUENCE_TIMEOUT') abandoned ??= connection?.threadId ?? undefined;
        if (error.fatal || error.code === 'PROTOCOL_SEQUENCE_TIMEOUT') drop();
        reject(error);
      });
    });
  }

  async function rollback(): Promise<void> {
    if (connection) await send('ROLLBACK', 1_000).catch(drop);
  }

  /** The server rolls back what a closed connection left open. */
  function drop(): void {
    connection?.destroy();
    connection = undefined;
  }

  function statementsOf(work: Work): string[] {
    const statements: string[] = [];
    for (const { plan, puts, deletes } of work.locations) {
      const gone = plan.replace === 'replace' ? [...deletes, ...puts] : deletes;
      if (gone.length > 0) statements.push(deleteSql(plan, work.cells, gone));
      if (puts.length > 0) statements.push(putSql(plan, work.cells, puts));
    }
    if (work.history.length > 0) statements.push(historySql(work));
    return statements;
  }

  function putSql(plan: LocationPlan, cells: readonly Cell[], puts: LocationWork['puts']): string {
    const frame = frames.get(plan) ?? putFrame(plan);
    frames.set(plan, frame);
    let sql = frame.head;
    for (let i = 0; i < puts.length; i++) {
      sql += i === 0 ? '(' : ',(';
      for (let c = 0; c < plan.columns.length; c++) {
        if (c > 0) sql += ',';
        sql += literal(cellFor(plan.columns[c]!, cells, puts[i]!));
      }
      sql += ')';
    }
    return sql + frame.tail;
  }
}

function putFrame(plan: LocationPlan): Frame {
  const names = plan.columns.map(({ name }) => quoteName(name));
  const head = `INSERT INTO ${quoteName(plan.table)} (${names.join(', ')}) VALUES `;
  if (plan.replace === 'replace') return { head, tail: '' };
  const key = new Set(plan.replace === 'unique' ? plan.key.map(({ name }) => quoteName(name)) : [quoteName('ruid')]);
  const sets = names.filter((name) => !key.has(name)).map((name) => `${name} = VALUES(${name})`);
  return { head, tail: ` ON DUPLICATE KEY UPDATE ${sets.join(', ')}` };
}

/** Ranges over the key's index; a row constructor would be a full scan on MariaDB. */
function deleteSql(plan: LocationPlan, cells: readonly Cell[], keys: readonly number[]): string {
  const tests = keys.map((at) => {
    const columns = plan.key.map(({ name, nullable, field }) => {
      const value = cells[at + FIELD[field]]!;
      const test = `${quoteName(name)} = ${literal(value)}`;
      return nullable && value === '' ? `(${test} OR ${quoteName(name)} IS NULL)` : test;
    });
    return `(${columns.join(' AND ')})`;
  });
  return `DELETE FROM ${quoteName(plan.table)} WHERE ${tests.join(' OR ')}`;
}

function historySql({ history }: Work): string {
  const rows = history.map(({ session, door, user, client, started, ended, reason }) => {
    const texts = [session, door, user, client].map(unicodeLiteral);
    return `(${[...texts, literal(started), literal(ended), unicodeLiteral(reason)].join(',')})`;
  });
  return HISTORY.head + rows.join(',') + HISTORY.tail;
}
