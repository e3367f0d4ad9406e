/**
 * Rows of a table found by the same few columns again and again: trusted for a short time, then asked for anew.
 *
 * What was found is trusted for 5 s, that nothing was found for 1 s, both from when it was asked; the same question asked twice
 * at once is sent once, and what administration changed is asked for anew. Full, the oldest is dropped. Errors (rejections): STORAGE_UNAVAILABLE, also when too many questions wait.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Answer } from '../answer.ts';
import type { RowCells, RowsSpec, SerTables } from './types.ts';

const FOUND_MS = 5_000;
const NOTHING_MS = 1_000;
const CAPACITY = 20_000;
const MOST_WAITING = 10_000;

export interface RowLookupOptions {
  readonly tables: Pick<SerTables, 'readRows' | 'rowEdition'>;
  readonly clock: Clock;
  readonly spec: RowsSpec;
  /** The columns that `find` gives values for. */
  readonly by: readonly string[];
  /** Rows taken of one answer. */
  readonly most: number;
}

interface Known {
  readonly rows: readonly RowCells[];
  readonly until: number;
}

export class RowLookup {
  readonly #options: RowLookupOptions;
  readonly #known = new Map<string, Known>();
  readonly #asked = new Map<string, Promise<readonly RowCells[]>>();

  #edition: number;

  constructor(options: RowLookupOptions) {
    this.#options = options;
    this.#edition = options.tables.rowEdition();
  }

  /** At once where the answer may be trusted. */
  find(values: readonly string[]): Answer<readonly RowCells[]> {
    const edition = this.#options.tables.rowEdition();
    if (edition !== this.#edition) {
      this.#edition = edition;
      this.forget();
    }
    const key = values.length === 1 ? values[0]! : values.join('\n');
    const known = this.#known.get(key);
    if (known && this.#options.clock.monotonic() <= known.until) return known.rows;
    const running = this.#asked.get(key);
    if (running) return running;
    if (this.#asked.size >= MOST_WAITING) {
      const { table } = this.#options.spec;
      return Promise.reject(new GatehouseError('STORAGE_UNAVAILABLE', `too many questions to ${table} are waiting`));
    }
    return this.#ask(ownCopy(key), values.map(ownCopy));
  }

  /** Rows were changed: what was answered or asked before counts no more. */
  forget(): void {
    this.#known.clear();
    this.#asked.clear();
  }

  #ask(key: string, values: readonly string[]): Promise<readonly RowCells[]> {
    const { tables, clock, spec, by, most } = this.#options;
    const askedAt = clock.monotonic();
    const where = by.map((column, i) => [column, values[i]!] as const);
    const answer: Promise<readonly RowCells[]> = tables.readRows(spec, where, most).then((rows) => {
      if (this.#asked.get(key) === answer) {
        this.#keep(key, { rows, until: askedAt + (rows.length > 0 ? FOUND_MS : NOTHING_MS) });
      }
      return rows;
    });
    this.#asked.set(key, answer);
    const done = () => {
      if (this.#asked.get(key) === answer) this.#asked.delete(key);
    };
    answer.then(done, done);
    return answer;
  }

  #keep(key: string, known: Known): void {
    this.#known.delete(key);
    if (this.#known.size >= CAPACITY) {
      const [oldest] = this.#known.keys();
      this.#known.delete(oldest!);
    }
    this.#known.set(key, known);
  }
}

/** A name may be a slice of a whole packet, which must not be kept alive for it. */
function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
