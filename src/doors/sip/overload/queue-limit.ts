/**
 * How many may wait so that nobody waits longer than a given time: as many as leave in that time (Little's law).
 *
 * A queue evens out bursts, and what stalled for a moment is done a moment later: only one that was longer than that during ten
 * steps is a bad one, as CoDel tells them (RFC 8289), and gets a limit; or one that has grown through several steps in a row up to there, as a
 * burst does not: more comes than leaves. The rate is the best of the last seconds, so that a
 * disk or a processor that was away for half a second does not count as one that is slow. The limit is gone when the queue was empty
 * at some time of each of ten steps: one that is emptied once, by service that comes in bursts, comes back.
 */

/** Steps of 100 ms or more, for a stall is one step, however long. */
const STEPS = 10;
const SECONDS = 3;
export class QueueLimit {
  /** Infinity: none. */
  value = Number.POSITIVE_INFINITY;
  readonly #mostMs: number;
  readonly #least: number;
  readonly #growing: number;
  /** Per millisecond, of the last times of ten steps; the time since. */
  readonly #rates: number[] = new Array(SECONDS).fill(0);
  #times = 0;
  #steps = 0;
  #ms = 0;
  #left = 0;
  /** Fewest that waited since the last step, and for how many steps they were too many. */
  #fewest = 0;
  #stood = 0;
  /** For how many steps it has grown, and how many waited at the last of them. */
  #grown = 0;
  #before = 0;
  /** For how many steps it was empty at some time. */
  #emptied = 0;

  /** `least`: so many may always wait; `growing`: steps of growth in a row that no burst has. */
  constructor(mostMs: number, least: number, growing: number) {
    this.#mostMs = mostMs;
    this.#least = least;
    this.#growing = growing;
  }

  get isSet(): boolean {
    return this.value < Number.POSITIVE_INFINITY;
  }

  /** One has left the queue, done; so many wait still. */
  left(waiting: number): void {
    this.#left++;
    if (waiting < this.#fewest) this.#fewest = waiting;
  }

  /** A step of so many milliseconds has passed, and so many wait now; `before`: how long the last of them waited elsewhere. */
  step(elapsed: number, waiting: number, before = 0): void {
    this.#ms += elapsed;
    if (++this.#steps === STEPS) {
      this.#rates[this.#times++ % SECONDS] = this.#left / this.#ms;
      this.#steps = 0;
      this.#ms = 0;
      this.#left = 0;
    }
    this.#grown = waiting > this.#before ? this.#grown + 1 : 0;
    this.#before = waiting;
    const rate = Math.max(this.#steps >= this.#growing ? this.#left / this.#ms : 0, ...this.#rates);
    const most = Math.max(this.#least, Math.max(0, this.#mostMs - before) * rate);
    this.#stood = this.#fewest > most ? this.#stood + 1 : 0;
    this.#emptied = this.#fewest === 0 ? this.#emptied + 1 : 0;
    if (this.#emptied >= STEPS) this.value = Number.POSITIVE_INFINITY;
    else if (this.isSet || this.#stood >= STEPS || (this.#grown >= this.#growing && this.#fewest > most))
      this.value = most;
    this.#fewest = waiting;
  }
}
