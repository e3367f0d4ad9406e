/**
 * What goes to one provider: so many messages at once, the others wait behind them, and nobody waits for ever. A gateway that hangs holds up
 * its own messages only.
 *
 * Errors: SMS_BUSY when too many wait or its turn did not come in time; SMS_UNREACHABLE when the work took too long; those of the work.
 */
import { GatehouseError } from '../../platform/errors.ts';

export interface LaneBounds {
  readonly atOnce: number;
  /** Behind those. */
  readonly waiting: number;
}

/** Calls back once after so many milliseconds; gives what takes that back. */
export type SetTimer = (ms: number, call: () => void) => () => void;

export class Lane {
  readonly #bounds: LaneBounds;
  readonly #setTimer: SetTimer;
  readonly #queue = new Set<() => void>();
  #running = 0;

  constructor(bounds: LaneBounds, setTimer: SetTimer) {
    this.#bounds = bounds;
    this.#setTimer = setTimer;
  }

  /**
   * Does the work when its turn comes. What runs on past its time keeps its place until it ends: `late` hears how it did.
   */
  run<T>(withinMs: number, work: () => Promise<T>, late: (result: Promise<T>) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#running >= this.#bounds.atOnce && this.#queue.size >= this.#bounds.waiting) {
      reject(new GatehouseError('SMS_BUSY', `${this.#queue.size} messages wait for it already`));
      return promise;
    }
    let started: Promise<T> | undefined;
    const start = () => {
      this.#queue.delete(start);
      this.#running++;
      started = work().finally(() => this.#next());
      started.then(resolve, reject).finally(stop);
    };
    const stop = this.#setTimer(withinMs, () => {
      this.#queue.delete(start);
      const within = `within ${Math.round(withinMs / 1000)} s`;
      if (started === undefined) return reject(new GatehouseError('SMS_BUSY', `its turn did not come ${within}`));
      reject(new GatehouseError('SMS_UNREACHABLE', `it did not answer ${within}`));
      late(started);
    });
    if (this.#running < this.#bounds.atOnce) start();
    else this.#queue.add(start);
    return promise;
  }

  #next(): void {
    this.#running--;
    const [first] = this.#queue;
    first?.();
  }
}
