/**
 * Commits the journal's batches (worker side): sorts the changes by database, table and key, writes them and the audit
 * lines in one go, retries while the database is away, and falls back to single units when it rejects the batch. Refreshes of
 * tables that may lag behind are logged (refresh-log.ts).
 *
 * Order: audit lines are written and synced while the database is at work, then the transaction is committed. If it
 * fails, the lines are taken back, so that nothing of an unacknowledged batch stays.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocationSpec } from '../core/ser/types.ts';
import { GatehouseError } from '../platform/errors.ts';
import type { AuditLog, AuditLogOptions } from './audit-log.ts';
import {
  AUDIT,
  type Batch,
  batchOf,
  type Cell,
  DELETE,
  DELETE_CALL,
  FIELD,
  HISTORY,
  isDelete,
  keyText,
  type LogEntry,
  OWN,
  PUT,
  REFRESH,
  ROW,
  WIDTH,
} from './batch.ts';
import type { Database, LocationWork, Work } from './database.ts';
import { toText } from './error-text.ts';
import type { OwnWork } from './own-rows.ts';
import type { CommitOutcome, ErrorText } from './protocol.ts';
import { logKey, REFRESH_LOG, RefreshLog } from './refresh-log.ts';
import { callIdLimit, misfit } from './ser/location-plan.ts';
import { rowChange, rowMisfit } from './ser/rows-plan.ts';
import type { Tables } from './ser/tables.ts';

const RETRY_WAIT_MS = 50;
/** Even a batch whose time is over gets one try of this length. */
const LEAST_TRY_MS = 250;
/** For each piece of what lags behind. */
const SETTLE_MS = 1_000;

interface Job {
  readonly works: Map<Database, Work>;
  readonly lines: string[];
  /** Cells of a LogEntry, and the bindings of which nothing counts that was logged before. */
  readonly logged: Cell[];
  readonly forgotten: string[];
}

type Refusal = { readonly unit: number; readonly error: ErrorText };

export class Committer {
  readonly #databases: readonly Database[];
  readonly #main: Database;
  readonly #tables: Tables;
  readonly #audit: AuditLog;
  readonly #log: RefreshLog;
  #turn: Promise<unknown> = Promise.resolve();
  /** A batch without lines succeeds meanwhile, and says nothing of the trail. */
  #trailAway = false;

  /** The first database is the main one. */
  constructor(databases: readonly Database[], tables: Tables, audit: AuditLog, warn: AuditLogOptions['warn']) {
    this.#databases = databases;
    this.#main = databases[0]!;
    this.#tables = tables;
    this.#audit = audit;
    this.#log = new RefreshLog({
      db: this.#main,
      alone: (work) => this.#alone(work),
      write: (batch) => this.#commit(batch, performance.now() + SETTLE_MS),
      warn,
    });
  }

  commit(batch: Batch, budgetMs: number): Promise<CommitOutcome> {
    const deadline = performance.now() + budgetMs;
    return this.#alone(() => this.#commit(batch, deadline));
  }

  /** A batch of refreshes (protocol.ts), which as a rule is not even read. */
  log(entry: string, tables: readonly LocationSpec[], longest: number, budgetMs: number): Promise<CommitOutcome> {
    const deadline = performance.now() + budgetMs;
    return this.#alone(async () => {
      if (!this.#log.takes || !tables.every((spec) => this.#holds(spec, longest)))
        return this.#commit(batchOf(JSON.parse(entry)), deadline);
      const job: Job = { works: new Map(), lines: [], logged: [], forgotten: [] };
      this.#workOf(job, [], this.#main).own.push({
        table: REFRESH_LOG,
        puts: [[this.#log.nextId(), entry]],
        drops: [],
      });
      try {
        await this.#retrying(deadline, () => this.#attempt(job, deadline));
      } catch (error) {
        return isAway(error) ? { unavailable: toText(error) } : this.#commit(batchOf(JSON.parse(entry)), deadline);
      }
      this.#log.added(tables[0]!.behind!, []);
      return this.#outcome([]);
    });
  }

  /** Brings the rows of tables that lag behind up to what was acknowledged; before they are read. */
  settle(): Promise<void> {
    return this.#log.settle();
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #holds(spec: LocationSpec, callId: number): boolean {
    const found = this.#tables.knownPlan(spec);
    return found !== undefined && callId <= callIdLimit(found.plan);
  }

  #outcome(refused: Refusal[]): CommitOutcome {
    if (this.#trailAway && this.#audit.isWritable()) this.#trailAway = false;
    return { ...(refused.length > 0 ? { refused } : {}), ...(this.#trailAway ? { trailAway: true } : {}) };
  }

  async #commit(batch: Batch, deadline: number): Promise<CommitOutcome> {
    const refused: Refusal[] = [];
    const good: number[] = [];
    try {
      await this.#retrying(deadline, async () => {
        for (const spec of batch.tables) await this.#tables.plan(spec).catch(ignoreRefusal);
        for (const spec of batch.rowTables) await this.#tables.planRows(spec).catch(ignoreRefusal);
      });
      for (let unit = 0; unit < batch.ends.length; unit++) {
        const error = this.#check(batch, unit);
        if (error) refused.push({ unit, error });
        else good.push(unit);
      }
      await this.#write(batch, good, deadline, refused);
      return this.#outcome(refused);
    } catch (error) {
      return { unavailable: toText(error) };
    }
  }

  async #write(batch: Batch, units: number[], deadline: number, refused: Refusal[]): Promise<void> {
    if (units.length === 0) return;
    const id = this.#log.nextId();
    let job: Job | undefined;
    try {
      await this.#retrying(deadline, () => {
        job = this.#job(batch, units, id);
        return this.#attempt(job, deadline);
      });
      if (job!.logged.length > 0) this.#log.added(behindOf(batch), job!.forgotten);
    } catch (error) {
      if (isAway(error)) throw error;
      if (units.length === 1) {
        refused.push({ unit: units[0]!, error: { ...toText(error), code: 'STORAGE_REFUSED' } });
        return;
      }
      await this.#writeSingly(batch, units, deadline, refused);
    }
  }

  /** When the database goes away in the middle, only the units that are not yet there are told so. */
  async #writeSingly(batch: Batch, units: number[], deadline: number, refused: Refusal[]): Promise<void> {
    let away: unknown;
    for (const unit of units) {
      if (away === undefined) {
        try {
          await this.#write(batch, [unit], deadline, refused);
        } catch (error) {
          away = error;
        }
      }
      if (away !== undefined) refused.push({ unit, error: toText(away) });
    }
  }

  async #retrying<T>(deadline: number, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const away = this.#unavailable(error);
        if (!away) throw error;
        if (performance.now() + RETRY_WAIT_MS >= deadline) throw away;
        await sleep(RETRY_WAIT_MS);
      }
    }
  }

  #unavailable(error: unknown): GatehouseError | undefined {
    if (isAway(error)) return error;
    const code = (error as { code?: unknown }).code;
    // A server that refuses us by now says nothing against the values.
    const isState = this.#databases.some((db) => db.isUnavailable(error) || db.isRefusal(error));
    if (code === 'AUDIT_UNWRITABLE') this.#trailAway = true;
    else if (!isState) return undefined;
    return new GatehouseError('STORAGE_UNAVAILABLE', (error as Error).message, { cause: error });
  }

  async #attempt({ works, lines }: Job, deadline: number): Promise<void> {
    const timeout = Math.max(LEAST_TRY_MS, deadline - performance.now());
    const [[db, work] = []] = works;
    if (db && work && works.size === 1 && lines.length === 0) {
      await db.alone(() => db.writer.write(work, timeout));
      return;
    }
    await this.#together([...works], lines, timeout);
  }

  /** Databases one inside the other, so that all are open before the first is committed. */
  async #together(works: [Database, Work][], lines: string[], timeout: number): Promise<void> {
    await this.#audit.together(lines, (seal) => {
      const step = async ([first, ...rest]: [Database, Work][]): Promise<void> => {
        if (!first) return seal();
        const [db, work] = first;
        await db.alone(async () => {
          try {
            await db.writer.begin(work, timeout, seal);
            await step(rest);
            await db.writer.commit(timeout);
          } catch (error) {
            await db.writer.rollback();
            throw error;
          }
        });
      };
      return step(works);
    });
  }

  /** What no database need be asked for. */
  #check(batch: Batch, unit: number): ErrorText | undefined {
    const { cells, ends } = batch;
    for (let at = unit === 0 ? 0 : ends[unit - 1]!; at < ends[unit]!; at += WIDTH[cells[at] as 0]) {
      if (cells[at] === AUDIT || cells[at] === HISTORY || cells[at] === OWN) continue;
      const message = cells[at] === ROW ? this.#checkRow(batch, at) : this.#checkBinding(batch, at);
      if (message) return { code: 'STORAGE_REFUSED', message, hint: undefined };
    }
    return undefined;
  }

  #checkBinding({ cells, tables }: Batch, at: number): string | undefined {
    const spec = tables[cells[at + FIELD.table] as number]!;
    const found = this.#tables.knownPlan(spec);
    if (!found) return `table ${spec.table} cannot be used`;
    return isDelete(cells[at]) ? undefined : misfit(found.plan, cells, at);
  }

  #checkRow({ cells, rows, rowTables }: Batch, at: number): string | undefined {
    const row = rows[cells[at + 1] as number]!;
    const spec = rowTables[row.table]!;
    const found = this.#tables.knownRows(spec);
    return found ? rowMisfit(found.plan, row) : `table ${spec.table} cannot be used`;
  }

  /** `id`: of what goes into the log. */
  #job(batch: Batch, units: readonly number[], id: string): Job {
    const { cells, ends, tables } = batch;
    const job: Job = { works: new Map(), lines: [], logged: [], forgotten: [] };
    const latest = new Map<LocationWork, Map<string, number>>();
    const own = new Map<string, number>();
    const locations = tables.map((spec) => this.#locationWork(job, cells, spec));
    for (const unit of units) {
      const start = unit === 0 ? 0 : ends[unit - 1]!;
      for (let at = start; at < ends[unit]!; at += WIDTH[cells[at] as 0]) {
        switch (cells[at]) {
          case PUT:
          case REFRESH:
          case DELETE:
          case DELETE_CALL: {
            const table = cells[at + FIELD.table] as number;
            const spec = tables[table]!;
            const location = locations[table]!;
            const keys = latest.get(location) ?? new Map<string, number>();
            latest.set(location, keys);
            const key = keyText(spec, cells, at);
            const isTouched = keys.has(key);
            if (spec.behind !== undefined && this.#isLogged(job, spec, cells, at, isTouched)) break;
            // A refresh may find no row and be written anew after the others: only where that tears no unit and skips no change.
            if (cells[at] === REFRESH && (isTouched || ends[unit]! - start > WIDTH[REFRESH])) cells[at] = PUT;
            keys.set(key, at);
            break;
          }
          case AUDIT:
            job.lines.push(cells[at + 1] as string);
            break;
          case HISTORY:
            this.#workOf(job, cells, this.#main).history.push(historyAt(cells, at));
            break;
          case OWN: {
            const index = cells[at + 1] as number;
            const [table, change] = batch.own[index]!;
            own.set(`${table}\0${typeof change === 'string' ? change : change[0]}`, index);
            break;
          }
          case ROW: {
            const row = batch.rows[cells[at + 1] as number]!;
            const { db, plan } = this.#tables.knownRows(batch.rowTables[row.table]!)!;
            this.#workOf(job, cells, db).rows.push(rowChange(plan, row));
          }
        }
      }
    }
    const { logged } = job;
    if (logged.length > 0) {
      const entry = JSON.stringify({ tables, cells: logged } satisfies LogEntry);
      this.#workOf(job, cells, this.#main).own.push({ table: REFRESH_LOG, puts: [[id, entry]], drops: [] });
    }
    // The last change of a key wins.
    if (own.size > 0) this.#workOf(job, cells, this.#main).own.push(...ownWorks(batch, own.values()));
    for (const [location, keys] of latest) {
      for (const at of keys.values()) (isDelete(cells[at]) ? location.deletes : location.puts).push(at);
    }
    return job;
  }

  /** Of a table that may lag behind: a refresh is logged in place of being written; what else is written says so in the log. */
  #isLogged(
    { logged, forgotten }: Job,
    spec: LocationSpec,
    cells: readonly Cell[],
    at: number,
    isTouched: boolean,
  ): boolean {
    if (cells[at] === REFRESH && this.#log.takes && !isTouched) {
      logged.push(...cells.slice(at, at + WIDTH[REFRESH]));
      return true;
    }
    if (this.#log.lags || logged.length > 0) {
      const kind = spec.byCallId ? DELETE_CALL : DELETE;
      logged.push(kind, ...cells.slice(at + 1, at + WIDTH[kind]));
      forgotten.push(logKey(spec, cells, at));
    }
    return false;
  }

  #locationWork(job: Job, cells: Batch['cells'], spec: Batch['tables'][number]): LocationWork | undefined {
    const found = this.#tables.knownPlan(spec);
    if (!found) return undefined;
    const { locations } = this.#workOf(job, cells, found.db);
    const known = locations.find(({ plan }) => plan === found.plan);
    if (known) return known;
    const made: LocationWork = { plan: found.plan, puts: [], deletes: [] };
    locations.push(made);
    return made;
  }

  #workOf(job: Job, cells: Batch['cells'], db: Database): Work {
    const work = job.works.get(db) ?? { cells, locations: [], rows: [], own: [], history: [] };
    job.works.set(db, work);
    return work;
  }
}

function behindOf({ tables }: Batch): number {
  return Math.min(...tables.flatMap(({ behind }) => behind ?? []));
}

function ownWorks({ own, ownTables }: Batch, indexes: Iterable<number>): OwnWork[] {
  const works = ownTables.map((table): OwnWork => ({ table, puts: [], drops: [] }));
  for (const index of indexes) {
    const [table, change] = own[index]!;
    if (typeof change === 'string') works[table]!.drops.push(change);
    else works[table]!.puts.push(change);
  }
  return works.filter(({ puts, drops }) => puts.length > 0 || drops.length > 0);
}

function historyAt(cells: Batch['cells'], at: number): Work['history'][number] {
  const [session, door, user, client] = cells.slice(at + 1, at + 5) as string[];
  const [started, ended] = cells.slice(at + 5, at + 7) as number[];
  const reason = cells[at + 7] as string;
  const [sent, received] = cells.slice(at + 8, at + 10).map((cell) => (cell as number | null) ?? undefined);
  const names = { session: session!, door: door!, user: user!, client: client! };
  return { ...names, started: started!, ended: ended!, reason, sent, received };
}

function isAway(error: unknown): error is GatehouseError {
  return error instanceof GatehouseError && error.code === 'STORAGE_UNAVAILABLE';
}

/** A table that cannot be used refuses the units that name it, later and singly. */
function ignoreRefusal(error: unknown): void {
  if (error instanceof GatehouseError && error.code.startsWith('SER_')) return;
  throw error;
}
