/**
 * A small table kept in memory as a whole, so that asking it never waits. It is read again by the clock, as often as the reading
 * allows, or never.
 *
 * A reading that fails leaves what is known as it is, for `trustMs` at most. When nobody holds the mirror any more, as when the
 * script was loaded again, the readings end. Times in milliseconds. Errors of `open`: those of SerTables, SER_TABLE_TOO_LARGE.
 */
import type { Clock } from '../../platform/clock.ts';
import { describeError, GatehouseError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../platform/timer-wheel.ts';
import type { RowCells, RowsSpec, SerTables } from './types.ts';

const PAUSE_MS = 5_000;
/** Reading takes no more than this part of the time. */
const SHARE = 50;

export interface TableMirrorOptions<T> {
  readonly tables: Pick<SerTables, 'open' | 'readRows'>;
  readonly spec: RowsSpec;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Log;
  /** Rows it may have. */
  readonly most: number;
  /** false: it is read by `open` alone. */
  readonly byClock: boolean;
  /** How long it is trusted while it cannot be read. */
  readonly trustMs: number;
  build(rows: readonly RowCells[]): T;
}

export class TableMirror<T> {
  readonly #options: TableMirrorOptions<T>;
  #value: T | undefined;
  #readAt = 0;
  #failed = false;

  constructor(options: TableMirrorOptions<T>) {
    this.#options = options;
  }

  /** Undefined: it could not be read for too long. */
  get value(): T | undefined {
    const { clock, trustMs, byClock } = this.#options;
    return !byClock || clock.monotonic() - this.#readAt <= trustMs ? this.#value : undefined;
  }

  async open(): Promise<void> {
    await this.#options.tables.open('rows', this.#options.spec);
    await this.#read();
    const { wheel, byClock } = this.#options;
    if (byClock) wheel.start(new Timer(new Reader(wheel, this)), PAUSE_MS);
  }

  async #read(): Promise<void> {
    const { tables, spec, clock, most, build } = this.#options;
    const askedAt = clock.monotonic();
    const rows = await tables.readRows(spec, [], most + 1);
    if (rows.length > most) {
      throw new GatehouseError('SER_TABLE_TOO_LARGE', `table ${spec.table} has more than ${most} rows`);
    }
    this.#value = build(rows);
    this.#readAt = askedAt;
  }

  /** As somebody asks for it; then the failure is his. */
  reload(): Promise<void> {
    return this.#read();
  }

  /** Gives the milliseconds until it shall be read again. */
  async readAgain(): Promise<number> {
    const { clock, log, spec } = this.#options;
    const began = clock.monotonic();
    try {
      await this.#read();
      if (this.#failed) log.info(`table ${spec.table} can be read again`);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) log.warn(`table ${spec.table} cannot be read again`, { error: describeError(error) });
      this.#failed = true;
    }
    return Math.max(PAUSE_MS, (clock.monotonic() - began) * SHARE);
  }
}

/** What the wheel holds: not the mirror itself. */
class Reader implements TimerOwner {
  readonly #wheel: TimerWheel;
  readonly #mirror: WeakRef<TableMirror<unknown>>;

  constructor(wheel: TimerWheel, mirror: TableMirror<unknown>) {
    this.#wheel = wheel;
    this.#mirror = new WeakRef(mirror);
  }

  onTimer(timer: Timer): void {
    const read = this.#mirror.deref()?.readAgain();
    read?.then((pause) => this.#wheel.start(timer, pause));
  }
}
