/**
 * Rows on their way to the database, for which no message waits: written with the journal's next batch. Those that could not be
 * written are kept, a bounded amount, and appended again each second; what cannot be kept goes to the log with all its values.
 *
 * A row whose batch lost contact during its commit may be written twice, never lost.
 */
import type { Change, Journal, Waiter } from '../../../../core/journal/types.ts';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import type { Clock } from '../../../../platform/clock.ts';
import type { GatehouseError } from '../../../../platform/errors.ts';
import type { Log } from '../../../../platform/log.ts';
import { Seldom } from '../../../../platform/seldom.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../../../platform/timer-wheel.ts';
import { oneLine } from '../one-line.ts';

const MOST_CHARACTERS = 16 << 20;
const PAUSE_MS = 1000;
/** Records appended again at a time. */
const PIECE = 1000;
const PASSING: ReadonlySet<string> = new Set(['STORAGE_UNAVAILABLE', 'STORAGE_BUSY']);

export interface KeeperParts {
  readonly journal: Journal;
  readonly wheel: TimerWheel;
  readonly clock: Clock;
  readonly log: Log;
}

interface Kept {
  readonly table: RowsSpec;
  /** The rows as JSON: values of their own, where those of a message would hold the whole message. */
  readonly text: string;
}

export class RowKeeper implements TimerOwner {
  readonly #parts: KeeperParts;
  readonly #timer = new Timer(this);
  readonly #complaint: Seldom;
  #kept: Kept[] = [];
  #characters = 0;
  #closed = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#complaint = new Seldom(parts.clock);
  }

  /** The rows of one record: all of them are written, or none. */
  append(table: RowsSpec, rows: readonly RowCells[]): void {
    const unit = rows.map((values): Change => ({ kind: 'insert-row', table, values, cut: true }));
    const waiter: Waiter = {
      settled: (error) => {
        if (error) this.#unwritten(table, rows, error);
      },
    };
    this.#parts.journal.append(unit, waiter);
  }

  onTimer(): void {
    this.#again(PIECE);
    if (this.#kept.length > 0) this.#parts.wheel.start(this.#timer, PAUSE_MS);
  }

  /** The last attempt: what fails now goes to the log. */
  close(): void {
    this.#closed = true;
    this.#again(this.#kept.length);
  }

  #unwritten(table: RowsSpec, rows: readonly RowCells[], error: GatehouseError): void {
    const text = JSON.stringify(rows);
    if (this.#closed || !PASSING.has(error.code) || this.#characters + text.length > MOST_CHARACTERS) {
      this.#toLog(table, rows, error);
      return;
    }
    this.#kept.push({ table, text });
    this.#characters += text.length;
    if (!this.#timer.running) this.#parts.wheel.start(this.#timer, PAUSE_MS);
    if (this.#complaint.due()) {
      const { message } = error;
      this.#parts.log.warn('acc: rows are kept until the database takes them', {
        kept: this.#kept.length,
        error: message,
      });
    }
  }

  #again(count: number): void {
    const piece = this.#kept.slice(0, count);
    this.#kept = this.#kept.slice(count);
    for (const { table, text } of piece) {
      this.#characters -= text.length;
      this.append(table, JSON.parse(text));
    }
  }

  #toLog({ table, columns }: RowsSpec, rows: readonly RowCells[], { message }: GatehouseError): void {
    for (const row of rows) {
      const values = row.map((value) => (typeof value === 'string' ? oneLine(value) : value));
      const fields = Object.fromEntries(columns.map((name, i) => [name, values[i]]));
      this.#parts.log.error('acc: a row could not be written', { table, row: fields, error: message });
    }
  }
}
