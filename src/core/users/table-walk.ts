/**
 * Reads an attached table through while so many of its users are asked for that reading them one by one costs
 * more: the rows that are still what the cache holds are trusted anew.
 *
 * A walk confirms and nothing else: a row that has changed, is gone or is new is left to the next look-up of its user, so
 * that a walk can neither bring an old secret back nor hide a new one. A walk begins 0.7 of the trust time after the last one, or as soon after
 * that as so many known users were asked for within such a time that the table has at most four rows for each of them. It needs no
 * timer, and ends with the questions. Times in milliseconds (monotonic). Errors: none; where a walk fails, users are read singly,
 * which tells.
 */
import type { Clock } from '../../platform/clock.ts';
import type { SerTables, SubscriberRow, SubscriberSpec } from '../ser/types.ts';

/** Users asked for in a period, at least; a few are read singly at no cost that matters. */
const LEAST_ASKED = 200;
const ROWS_FOR_ASKED = 4;
/** After a pause nobody is trusted: that many are asked for again is seen as soon. */
const LOOK_MS = 50;
/** Below it a walk would not be over before the next one is due. */
const LEAST_TRUST_MS = 1_000;

export interface TableWalkOptions {
  readonly tables: Pick<SerTables, 'walkSubscribers'>;
  readonly spec: SubscriberSpec;
  readonly clock: Clock;
  readonly trustMs: number;
  /** How many different known users were asked for since `takeAsked` was called last. */
  asked(): number;
  takeAsked(): number;
  /** The row was read, by a question sent at the given time. */
  confirm(row: SubscriberRow, sentAt: number): void;
}

export class TableWalk {
  readonly #options: TableWalkOptions;
  readonly #period: number;
  #due: number;
  /** When those asked for are counted anew. */
  #over: number;
  #walking = false;
  /** Rows of the table, or more than these: as many as the last walk has seen. */
  #rows = 0;

  constructor(options: TableWalkOptions) {
    this.#options = options;
    this.#period = options.trustMs < LEAST_TRUST_MS ? Number.POSITIVE_INFINITY : 0.7 * options.trustMs;
    this.#due = options.clock.monotonic() + this.#period;
    this.#over = this.#due;
  }

  /** To be called when a user is asked for. */
  tick(): void {
    const now = this.#options.clock.monotonic();
    if (now < this.#due || this.#walking) return;
    const asked = this.#options.asked();
    const isWorthIt = asked >= LEAST_ASKED && asked * ROWS_FOR_ASKED >= this.#rows;
    this.#due = now + (isWorthIt ? this.#period : LOOK_MS);
    if (isWorthIt || now >= this.#over) {
      this.#options.takeAsked();
      this.#over = now + this.#period;
    }
    if (isWorthIt) void this.#walk(asked * ROWS_FOR_ASKED);
  }

  async #walk(mostRows: number): Promise<void> {
    const { tables, spec, clock, confirm } = this.#options;
    this.#walking = true;
    let rows = 0;
    const sentAt = clock.monotonic();
    try {
      await tables.walkSubscribers(spec, mostRows + 1, (piece) => {
        for (const row of piece) confirm(row, sentAt);
        rows += piece.length;
      });
    } catch {
      // Whoever is asked for next is read singly.
    }
    this.#rows = rows;
    this.#walking = false;
  }
}
