/** Keeps a log line that any packet can cause from flooding the log: at most one a minute. */
import type { Clock } from './clock.ts';

const PAUSE_MS = 60_000;

export class Seldom {
  readonly #clock: Clock;
  #next = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when the line may be written now. */
  due(): boolean {
    const now = this.#clock.monotonic();
    if (now < this.#next) return false;
    this.#next = now + PAUSE_MS;
    return true;
  }
}
