/**
 * Batches for MySQL and MariaDB: one statement for all puts, deletes or refreshes of a table, all of a batch in one packet.
 *
 * A batch that is one statement goes without a transaction: InnoDB makes it whole by itself. Refreshes that miss their rows,
 * since another program took them away, are written once more as puts before the batch counts as written.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResultSetHeader, RowDataPacket } from 'mysql2';
import type { OwnCell } from '../../core/journal/own-table.ts';
import { REFRESH } from '../batch.ts';
import type { Work, Writer } from '../database.ts';
import { onDuplicateKey, ownSql } from '../own-rows.ts';
import type { LocationPlan } from '../ser/location-plan.ts';
import { rowsSql } from '../ser/rows-sql.ts';
import type { Servers } from '../servers.ts';
import { type MysqlAddress, type Place, placeLabel } from '../url.ts';
import { connect as connectTo, type MysqlConnection, type Session } from './connect.ts';
import { isFatal, isTimeout, noAnswer, spoilsConnection, spoilsServer } from './faults.ts';
import { literal, unicodeLiteral } from './literal.ts';
import { LocationSql } from './location-sql.ts';

const ENDED_MS = 20;

export interface MysqlWriter extends Writer {
  close(): void;
}

/** Of one statement; of a question its rows. */
type Result = ResultSetHeader | RowDataPacket[];

interface Statement {
  readonly sql: string;
  /** Rows that it should find, or count; else what is to be carried out too. */
  readonly finds?: number;
  readonly otherwise?: () => string[];
}

const HISTORY = {
  head: 'INSERT INTO gh_history (session, door, login, client, started, ended, reason, sent, received) VALUES ',
  tail: ' ON DUPLICATE KEY UPDATE ended = VALUES(ended), reason = VALUES(reason), sent = VALUES(sent), received = VALUES(received)',
} as const;

export function mysqlWriter(address: MysqlAddress, servers: Servers): MysqlWriter {
  const texts = new WeakMap<LocationPlan, LocationSql>();
  let connection: MysqlConnection | undefined;
  /** Sessions given up in the middle of a statement, which a server that wakes up might still carry out; by server. */
  const abandoned = new Map<string, Session>();

  return {
    async write(work, timeoutMs) {
      if (work.history.length === 0 && work.rows.length === 0 && work.own.length === 0 && work.locations.every(isIdle))
        return;
      await connect(timeoutMs);
      const statements = statementsOf(work);
      const missed = missedBy(statements, await transact(statements.map(sqlOf), timeoutMs));
      if (missed.length > 0) await transact(missed, timeoutMs);
    },
    async begin(work, timeoutMs, after) {
      await connect(timeoutMs);
      const statements = statementsOf(work);
      const sent = send(['START TRANSACTION', ...statements.map(sqlOf)].join(';'), timeoutMs);
      let fault: unknown;
      try {
        after();
      } catch (error) {
        fault = error;
      }
      const results = await sent;
      if (fault !== undefined) throw fault;
      const missed = missedBy(statements, results.slice(1));
      if (missed.length > 0) await send(missed.join(';'), timeoutMs);
    },
    async commit(timeoutMs) {
      await send('COMMIT', timeoutMs);
    },
    rollback,
    close: () => drop(),
  };

  async function transact(statements: readonly string[], timeoutMs: number): Promise<Result[]> {
    if (statements.length === 1) return send(statements[0]!, timeoutMs);
    try {
      return (await send(`START TRANSACTION;${statements.join(';')};COMMIT`, timeoutMs)).slice(1, -1);
    } catch (error) {
      await rollback();
      throw error;
    }
  }

  async function connect(timeoutMs: number): Promise<void> {
    if (connection?.fit()) return;
    drop();
    const limit = performance.now() + timeoutMs;
    const made = await connectTo(address, servers, { charset: 'latin1', batches: true, timeoutMs });
    connection = made;
    try {
      await end(made.place, limit);
    } catch (error) {
      if (spoilsServer(error)) servers.leave(made.place);
      drop(made);
      throw error;
    }
  }

  /** Before newer rows are written, so that the old ones cannot come after them. KILL only asks for the end. */
  async function end(place: Place, limit: number): Promise<void> {
    const session = abandoned.get(placeLabel(place));
    if (!session) return;
    const { thread, host } = session;
    const left = () => Math.max(1, limit - performance.now());
    const sql = `SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ${thread} AND HOST = ${literal(host)}`;
    while ((await send(sql, left())).length > 0) {
      if (performance.now() >= limit) throw noAnswer();
      // It may be gone by now.
      await send(`KILL ${thread}`, left()).catch((error) => {
        if (spoilsConnection(error)) throw error;
      });
      await sleep(ENDED_MS);
    }
    abandoned.delete(placeLabel(place));
  }

  /** Gives a result for each statement. */
  function send(sql: string, timeout: number): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      const on = connection;
      if (!on) return reject(Object.assign(new Error('the connection was lost'), { fatal: true }));
      let told = false;
      on.client.query<ResultSetHeader | RowDataPacket[]>({ sql, timeout }, (error, results) => {
        // mysql2 tells of a time-out also long after the connection was lost.
        if (told) return;
        told = true;
        if (!error) return resolve(Array.isArray(results) ? (results as Result[]) : [results]);
        // Nobody knows whether the server is still at it; a socket is lost only with the server or by its will.
        if (isTimeout(error) || (isFatal(error) && on.place.socket === undefined)) giveUp(on);
        if (spoilsServer(error)) servers.leave(on.place);
        if (spoilsConnection(error)) drop(on);
        reject(error);
      });
    });
  }

  function giveUp({ place, session }: MysqlConnection): void {
    const label = placeLabel(place);
    if (!abandoned.has(label)) abandoned.set(label, session);
  }

  async function rollback(): Promise<void> {
    if (connection) await send('ROLLBACK', 1_000).catch(() => drop());
  }

  /** The server rolls back what a closed connection left open. */
  function drop(which = connection): void {
    which?.destroy();
    if (which === connection) connection = undefined;
  }

  function statementsOf({ cells, locations, rows, own, history }: Work): Statement[] {
    const statements: Statement[] = [];
    for (const { plan, puts, deletes } of locations) {
      const text = texts.get(plan) ?? new LocationSql(plan);
      texts.set(plan, text);
      const isRefresh = (at: number) => cells[at] === REFRESH;
      const refreshes = connection!.joinsValues && text.refreshes ? puts.filter(isRefresh) : [];
      const whole = refreshes.length === 0 ? puts : puts.filter((at) => !isRefresh(at));
      if (deletes.length > 0) statements.push({ sql: text.remove(cells, deletes) });
      if (whole.length > 0) for (const sql of text.put(cells, whole)) statements.push({ sql });
      if (refreshes.length === 0) continue;
      const otherwise = () => text.put(cells, refreshes);
      const [refresh, count] = text.refresh(cells, refreshes);
      if (count !== undefined) statements.push({ sql: refresh });
      statements.push({ sql: count ?? refresh, finds: refreshes.length, otherwise });
    }
    for (const sql of rowsSql(rows, literal)) statements.push({ sql });
    for (const sql of ownSql(own, ownLiteral, onDuplicateKey)) statements.push({ sql });
    if (history.length > 0) statements.push({ sql: historySql(history) });
    return statements;
  }
}

function ownLiteral(value: OwnCell): string {
  return typeof value === 'string' ? unicodeLiteral(value) : literal(value);
}

function isIdle({ puts, deletes }: Work['locations'][number]): boolean {
  return puts.length === 0 && deletes.length === 0;
}

function sqlOf({ sql }: Statement): string {
  return sql;
}

function missedBy(statements: readonly Statement[], results: readonly Result[]): string[] {
  const missed = statements.filter(({ finds }, i) => finds !== undefined && rowsFound(results[i]) !== finds);
  return missed.flatMap(({ otherwise }) => otherwise?.() ?? []);
}

function rowsFound(result: Result | undefined): number | undefined {
  return Array.isArray(result) ? Number(Object.values(result[0]!)[0]) : result?.affectedRows;
}

function historySql(history: Work['history']): string {
  const rows = history.map(({ session, door, user, client, started, ended, reason, sent = null, received = null }) => {
    const texts = [session, door, user, client].map(unicodeLiteral);
    const bytes = [literal(sent), literal(received)];
    return `(${[...texts, literal(started), literal(ended), unicodeLiteral(reason), ...bytes].join(',')})`;
  });
  return HISTORY.head + rows.join(',') + HISTORY.tail;
}
