/**
 * Batches for PostgreSQL: one put and one delete per table, prepared once per connection and given a whole array for each
 * column, all of a batch in one message.
 *
 * Rows that are there are updated, and only the others inserted: an INSERT that finds its row would use up a number of the
 * table's sequence each time, and those of SER's tables end after 2,147,483,647. Units: timeouts in milliseconds.
 */
import type { OwnCell } from '../../core/journal/own-table.ts';
import type { Cell } from '../batch.ts';
import { FIELD } from '../batch.ts';
import type { LocationWork, Work, Writer } from '../database.ts';
import { onConflict, ownSql } from '../own-rows.ts';
import { cellFor, type LocationPlan, type PlanColumn } from '../ser/location-plan.ts';
import { rowsSql } from '../ser/rows-sql.ts';
import type { Servers } from '../servers.ts';
import { type Place, type PostgresAddress, placeLabel } from '../url.ts';
import { connect, type PgConnection, type Session } from './connect.ts';
import { isAway, noAnswer, spoilsConnection, spoilsServer } from './faults.ts';
import { textElement, textLiteral } from './literal.ts';
import { deleteSql, HISTORY_SQL, putSql } from './statements.ts';
import { fromWire, withoutNul } from './wire.ts';

const ENDED_MS = 20;

export interface PostgresWriter extends Writer {
  close(): void;
}

/** Names of the statements prepared on a connection, by their text. */
type Prepared = Map<string, string>;

interface Call {
  readonly sql: string;
  /** Absent: the statement holds its values and is not prepared. */
  readonly args?: readonly string[];
}

export function postgresWriter(address: PostgresAddress, servers: Servers): PostgresWriter {
  const puts = new WeakMap<LocationPlan, string>();
  const deletes = new WeakMap<LocationPlan, string>();
  /** Sessions given up in the middle of a statement, which a server that wakes up might still carry out. */
  const abandoned = new Map<string, Session>();
  let connection: PgConnection | undefined;
  let prepared: Prepared = new Map();

  return {
    async write(work, timeoutMs) {
      const calls = callsOf(work);
      if (calls.length === 0) return;
      await ready(calls, timeoutMs);
      // A message of several statements is one transaction.
      await send(calls.map(execute).join(';'), timeoutMs);
    },
    async begin(work, timeoutMs, after) {
      const calls = callsOf(work);
      await ready(calls, timeoutMs);
      const sent = send(['BEGIN', ...calls.map(execute)].join(';'), timeoutMs);
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
    async rollback() {
      if (connection) await send('ROLLBACK', 1_000).catch(() => drop());
    },
    close: () => drop(),
  };

  async function ready(calls: readonly Call[], timeoutMs: number): Promise<void> {
    if (!connection?.fit()) await open(timeoutMs);
    for (const { sql, args } of calls) {
      if (args === undefined || prepared.has(sql)) continue;
      const name = `gh_${prepared.size}`;
      await send(`PREPARE ${name} AS ${sql}`, timeoutMs);
      prepared.set(sql, name);
    }
  }

  async function open(timeoutMs: number): Promise<void> {
    drop();
    const limit = performance.now() + timeoutMs;
    const made = await connect(address, servers, timeoutMs);
    connection = made;
    prepared = new Map();
    try {
      // The journal's statements always go by the key, also while the server believes the table to be small.
      await send('SET enable_seqscan = off', timeoutMs);
      await end(made.place, limit);
    } catch (error) {
      if (spoilsServer(error)) servers.leave(made.place);
      drop(made);
      throw error;
    }
  }

  /** Before newer rows are written, so that the old ones cannot come after them. */
  async function end(place: Place, limit: number): Promise<void> {
    const session = abandoned.get(placeLabel(place));
    if (!session) return;
    const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid = ${session.pid} AND backend_start::text = ${textLiteral(session.since)}`;
    while ((await ask(sql, Math.max(1, limit - performance.now()))) > 0) {
      if (performance.now() >= limit) throw noAnswer();
      await new Promise((resolve) => setTimeout(resolve, ENDED_MS));
    }
    abandoned.delete(placeLabel(place));
  }

  async function send(sql: string, timeoutMs: number): Promise<void> {
    await ask(sql, timeoutMs);
  }

  /** Gives the number of rows. */
  function ask(sql: string, timeoutMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const on = connection;
      if (!on) return reject(noAnswer());
      const fail = (error: Error) => {
        // Nobody knows whether the server is still at it.
        if (isAway(error) && !on.fit()) giveUp(on);
        if (spoilsServer(error)) servers.leave(on.place);
        if (spoilsConnection(error)) drop(on);
        reject(error);
      };
      const late = setTimeout(() => {
        giveUp(on);
        fail(noAnswer());
      }, timeoutMs);
      on.client.query(sql, (error: Error | undefined, result) => {
        clearTimeout(late);
        if (error) fail(error);
        else resolve(result?.rowCount ?? 0);
      });
    });
  }

  function giveUp({ place, session }: PgConnection): void {
    const label = placeLabel(place);
    if (!abandoned.has(label)) abandoned.set(label, session);
  }

  /** The server rolls back what a closed connection left open. */
  function drop(which = connection): void {
    which?.destroy();
    if (which === connection) connection = undefined;
  }

  function execute({ sql, args }: Call): string {
    return args === undefined ? sql : `EXECUTE ${prepared.get(sql)}(${args.join(',')})`;
  }

  function callsOf({ cells, locations, rows, own, history }: Work): Call[] {
    const calls: Call[] = [];
    for (const location of locations) {
      if (location.deletes.length > 0) calls.push(deleteCall(cells, location));
      if (location.puts.length > 0) calls.push(putCall(cells, location));
    }
    for (const sql of rowsSql(rows, literal)) calls.push({ sql });
    for (const sql of ownSql(own, ownLiteral, onConflict)) calls.push({ sql });
    if (history.length > 0) calls.push({ sql: HISTORY_SQL, args: historyArgs(history) });
    return calls;
  }

  function putCall(cells: readonly Cell[], { plan, puts: rows }: LocationWork): Call {
    const sql = puts.get(plan) ?? putSql(plan);
    puts.set(plan, sql);
    const args = plan.columns.map((column) => arrayOf(column, (row) => cellFor(column, cells, row), rows));
    return { sql, args };
  }

  function deleteCall(cells: readonly Cell[], { plan, deletes: rows }: LocationWork): Call {
    const sql = deletes.get(plan) ?? deleteSql(plan);
    deletes.set(plan, sql);
    const args = plan.key.map((column) => arrayOf(column, (row) => cells[row + FIELD[column.field]]!, rows));
    return { sql, args };
  }
}

/** The values of one column, as the text of an array. */
function arrayOf({ kind }: PlanColumn, value: (row: number) => Cell, rows: readonly number[]): string {
  const isText = kind === 'text' || kind === 'ruid';
  let text = '';
  for (const row of rows) {
    const cell = value(row);
    if (text !== '') text += ',';
    if (cell === null || Number.isNaN(cell)) text += 'NULL';
    else if (isText) text += textElement(fromWire(String(cell)));
    else text += typeof cell === 'string' ? `"${cell}"` : String(cell);
  }
  return textLiteral(`{${text}}`);
}

function literal(value: Cell): string {
  if (value === null || Number.isNaN(value)) return 'NULL';
  return typeof value === 'number' ? String(value) : textLiteral(fromWire(value));
}

function ownLiteral(value: OwnCell): string {
  return typeof value === 'string' ? textLiteral(withoutNul(value)) : literal(value);
}

/** A session ends once; what is sent twice in one batch is written once. */
function historyArgs(history: Work['history']): string[] {
  const rows = [...new Map(history.map((row) => [`${row.session}\0${row.started}`, row])).values()];
  const texts = (['session', 'door', 'user', 'client', 'reason'] as const).map((field) =>
    rows.map((row) => textElement(withoutNul(row[field]))),
  );
  const numbers = (['started', 'ended', 'sent', 'received'] as const).map((field) =>
    rows.map((row) => row[field] ?? 'NULL'),
  );
  return [...texts, ...numbers].map((values) => textLiteral(`{${values.join(',')}}`));
}
