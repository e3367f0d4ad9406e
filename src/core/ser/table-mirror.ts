/**
 * A small table kept in memory as a whole, so that asking it never waits. It is read again by the clock, as often as the reading
 * allows, or only when told.
 *
 * A reading that fails leaves what is known as it is, for `trustMs` at most. Times in milliseconds.
 * Errors of `open` and `reload`: those of SerTables, SER_TABLE_TOO_LARGE.
 */
import type { Clock } from '../../platform/clock.ts';
import { describeError, GatehouseError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { Timer, type TimerWheel } from '../../platform/timer-wheel.ts';
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
  /** false: only `reload` reads it again. */
  readonly byClock: boolean;
  /** How long it is trusted while it cannot be read. */
  readonly trustMs: number;
  build(rows: readonly RowCells[]): T;
}

export class TableMirror<T> {
  readonly #options: TableMirrorOptions<T>;
  readonly #timer = new Timer(this);
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
    await this.reload();
    if (this.#options.byClock) this.#options.wheel.start(this.#timer, PAUSE_MS);
  }

  async reload(): Promise<void> {
    const { tables, spec, clock, most, build } = this.#options;
    const askedAt = clock.monotonic();
    const rows = await tables.readRows(spec, [], most + 1);
    if (rows.length > most) {
      throw new GatehouseError('SER_TABLE_TOO_LARGE', `table ${spec.table} has more than ${most} rows`);
    }
    this.#value = build(rows);
    this.#readAt = askedAt;
  }

  onTimer(): void {
    const { clock, wheel, log, spec } = this.#options;
    const began = clock.monotonic();
    const again = () => wheel.start(this.#timer, Math.max(PAUSE_MS, (clock.monotonic() - began) * SHARE));
    this.reload().then(
      () => {
        if (this.#failed) log.info(`table ${spec.table} can be read again`);
        this.#failed = false;
        again();
      },
      (error: unknown) => {
        if (!this.#failed) log.warn(`table ${spec.table} cannot be read again`, { error: describeError(error) });
        this.#failed = true;
        again();
      },
    );
  }
}
