/**
 * How many may wait so that nobody waits longer than a given time: as many as leave in that time (Little's law). A queue that was
 * empty, or short, at some moment since the last step needs no limit: it only evens out bursts. One that stood all the while is a
 * bad queue, as CoDel tells them (RFC 8289): it delays all and loses nobody's work by being shorter.
 */

/** Weight of the newest step. */
const NEWEST = 0.3;

export class QueueLimit {
  readonly #mostMs: number;
  readonly #least: number;
  /** Infinity: none. */
  value = Number.POSITIVE_INFINITY;
  #perMs = 0;

  /** `least`: so many may always wait. */
  constructor(mostMs: number, least: number) {
    this.#mostMs = mostMs;
    this.#least = least;
  }

  get isSet(): boolean {
    return this.value < Number.POSITIVE_INFINITY;
  }

  /** `left`: how many have left the queue in `elapsed` milliseconds. */
  step(stood: boolean, left: number, elapsed: number): void {
    if (!stood) {
      this.value = Number.POSITIVE_INFINITY;
      return;
    }
    const perMs = left / elapsed;
    this.#perMs = this.isSet ? this.#perMs + NEWEST * (perMs - this.#perMs) : perMs;
    this.value = Math.max(this.#least, this.#perMs * this.#mostMs);
  }
}
