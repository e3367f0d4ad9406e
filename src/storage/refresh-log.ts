/**
 * Refreshes of tables whose rows may lag behind (`behind` of their LocationSpec): a batch of them is one row of `gh_refresh`, and
 * so durable, and reaches the tables later, of each binding the last one only.
 *
 * What changes such a table otherwise is written at once, and with it a line in the log that of this binding nothing counts
 * that was logged before. So the log, read in its order, says what the rows lack, after a crash too. Whoever reads the tables
 * calls `settle` first.
 */
import { randomBytes } from 'node:crypto';
import { dropOwn, type OwnTable } from '../core/journal/own-table.ts';
import type { LocationSpec } from '../core/ser/types.ts';
import { addUnit, type Batch, type Cell, emptyBatch, FIELD, keyText, type LogEntry, REFRESH, WIDTH } from './batch.ts';
import type { Database } from './database.ts';
import { fromText, toText } from './error-text.ts';
import type { CommitOutcome } from './protocol.ts';

export const REFRESH_LOG: OwnTable = { name: 'gh_refresh', columns: ['id', 'entry'] };

/** Rows read at once; an entry is up to 500 refreshes. */
const PAGE = 50;
const CHUNK = 500;
const RETRY_MS = 5_000;

export interface RefreshLogParts {
  readonly db: Database;
  /** Nothing else is committed while the work runs. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** For that work. */
  write(batch: Batch): Promise<CommitOutcome>;
  warn(message: string, fields?: Record<string, unknown>): void;
}

interface Lagging {
  readonly table: LocationSpec;
  readonly cells: readonly Cell[];
}

export class RefreshLog {
  readonly #parts: RefreshLogParts;
  /** Tells the rows of two processes apart. */
  readonly #life = randomBytes(4).toString('hex');
  #last = Date.now() * 1000;
  /** Rows may lag behind: nobody knows otherwise yet. */
  #lags = true;
  /** Something was logged since the settling began. */
  #more = false;
  #stuck = false;
  /** Whether it is known what other lives left. */
  #met = false;
  #timer: NodeJS.Timeout | undefined;
  #settling: Promise<void> | undefined;
  /** Bindings that changed otherwise since the settling began. */
  #forgotten: Set<string> | undefined;

  constructor(parts: RefreshLogParts) {
    this.#parts = parts;
  }

  /** Whether a refresh may be logged; not while the rows cannot be written, so that the log does not grow for ever. */
  get takes(): boolean {
    return !this.#stuck;
  }

  /** Whether what else changes a binding must say so in the log. */
  get lags(): boolean {
    return this.#lags;
  }

  /** Later ones sort behind earlier ones. */
  nextId(): string {
    return `${String(++this.#last).padStart(17, '0')}-${this.#life}`;
  }

  /** An entry is durable, with lines about these bindings in it. */
  added(behind: number, forgotten: readonly string[]): void {
    this.#lags = true;
    this.#more = true;
    for (const key of forgotten) this.#forgotten?.add(key);
    this.#arm(behind * 1000);
  }

  /** Brings all rows up to what is logged. Rejects when that cannot be done now. */
  settle(): Promise<void> {
    if (!this.#lags) return Promise.resolve();
    this.#settling ??= this.#settle()
      .catch((error) => this.#later(error))
      .finally(() => {
        this.#settling = undefined;
        this.#forgotten = undefined;
      });
    return this.#settling;
  }

  async close(): Promise<void> {
    await this.settle().catch(() => {}); // the next start does it
    clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    this.#timer ??= setTimeout(() => this.settle().catch(() => {}), ms);
  }

  #later(error: unknown): never {
    if (!this.#stuck) this.#parts.warn('refreshes cannot be brought to their rows', { reason: toText(error).message });
    this.#stuck = true;
    this.#arm(RETRY_MS);
    throw error;
  }

  async #settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const upTo = await this.#parts.alone(async () => {
      this.#forgotten = new Set();
      this.#more = false;
      return this.#begin();
    });
    const { ids, lagging } = await this.#read(upTo);
    await this.#bring(lagging);
    await this.#drop(ids);
    this.#lags = this.#more;
    this.#stuck = false;
  }

  /** The last row to be settled. Those that another life left may be ahead of our clock. */
  async #begin(): Promise<string> {
    if (!this.#met) {
      const { kysely } = this.#parts.db;
      const newest = await kysely
        .selectFrom('gh_refresh')
        .select('id')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (newest !== undefined) this.#last = Math.max(this.#last, Number.parseInt(newest.id, 10));
      this.#met = true;
    }
    this.#last++;
    return this.#newest();
  }

  #newest(): string {
    return `${String(this.#last).padStart(17, '0')}-`;
  }

  async #read(upTo: string): Promise<{ ids: string[]; lagging: Map<string, Lagging> }> {
    const ids: string[] = [];
    const lagging = new Map<string, Lagging>();
    const tables = new Map<string, LocationSpec>();
    for (;;) {
      const rows = await this.#parts.db.kysely
        .selectFrom('gh_refresh')
        .selectAll()
        .where('id', '>', ids.at(-1) ?? '')
        .where('id', '<', upTo)
        .orderBy('id')
        .limit(PAGE)
        .execute();
      if (rows.length === 0) return { ids, lagging };
      for (const { id, entry } of rows) {
        ids.push(id);
        readEntry(JSON.parse(entry), tables, lagging);
      }
    }
  }

  /** In pieces, so that what comes meanwhile need not wait for all of it. */
  async #bring(lagging: ReadonlyMap<string, Lagging>): Promise<void> {
    const rest = lagging.entries();
    for (let more = true; more; ) {
      await this.#parts.alone(async () => {
        const batch = emptyBatch();
        more = this.#fill(batch, rest);
        const { unavailable, refused } = await this.#parts.write(batch);
        if (unavailable) throw fromText(unavailable);
        if (refused) {
          const reason = refused[0]!.error.message;
          this.#parts.warn('refreshes were refused by their table', { count: refused.length, reason });
        }
      });
    }
  }

  #fill(batch: Batch, rest: Iterator<[string, Lagging]>): boolean {
    while (batch.ends.length < CHUNK) {
      const next = rest.next();
      if (next.done) return false;
      const [key, { table, cells }] = next.value;
      if (this.#forgotten!.has(key)) continue;
      const at = batch.cells.length;
      batch.cells.push(...cells);
      const known = batch.tables.indexOf(table);
      batch.cells[at + FIELD.table] = known >= 0 ? known : batch.tables.push(table) - 1;
      batch.ends.push(batch.cells.length);
    }
    return true;
  }

  /** The oldest first: what is left of the log after a crash must not be older than what is gone. */
  async #drop(ids: readonly string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += CHUNK) {
      const batch = emptyBatch();
      addUnit(
        batch,
        ids.slice(i, i + CHUNK).map((id) => dropOwn(REFRESH_LOG, id)),
      );
      const { unavailable } = await this.#parts.alone(() => this.#parts.write(batch));
      if (unavailable) throw fromText(unavailable);
    }
  }
}

/** Names a binding among those of all tables. */
export function logKey(spec: LocationSpec, cells: readonly Cell[], at: number): string {
  return `${spec.database}\0${spec.table}\0${keyText(spec, cells, at)}`;
}

/** `tables` has each once, as one whose rows are written at once. */
function readEntry(
  { tables: named, cells }: LogEntry,
  tables: Map<string, LocationSpec>,
  lagging: Map<string, Lagging>,
): void {
  for (let at = 0; at < cells.length; at += WIDTH[cells[at] as 0]) {
    const { behind, ...table } = named[cells[at + FIELD.table] as number]!;
    const name = JSON.stringify(table);
    const known = tables.get(name) ?? table;
    tables.set(name, known);
    const key = logKey(known, cells, at);
    if (cells[at] === REFRESH) lagging.set(key, { table: known, cells: cells.slice(at, at + WIDTH[REFRESH]) });
    else lagging.delete(key);
  }
}
