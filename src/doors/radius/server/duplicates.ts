/**
 * Requests of the last half minute and what was answered, so that one that is sent again is answered again and not done again.
 *
 * A request is known by sender, port, identifier and authenticator (RFC 5080 section 2.2.2): a sender who takes an identifier for
 * something new has given up the old one. Bounded: the oldest is forgotten.
 */
import type { Clock } from '../../../platform/clock.ts';

export interface Exchange {
  readonly key: string;
  readonly authenticator: string;
  readonly until: number;
  /** Undefined: not answered, or not yet. */
  reply: Buffer | undefined;
}

const KEPT_MS = 30_000;
const MOST = 32_768;

export class Duplicates {
  readonly #clock: Clock;
  readonly #most: number;
  /** The oldest first. */
  readonly #exchanges = new Map<string, Exchange>();

  constructor(clock: Clock, most = MOST) {
    this.#clock = clock;
    this.#most = most;
  }

  get size(): number {
    return this.#exchanges.size;
  }

  /** The exchange that this request is a repetition of. `key`: of sender, port and identifier. */
  find(key: string, authenticator: string): Exchange | undefined {
    const exchange = this.#exchanges.get(key);
    if (exchange?.authenticator !== authenticator || exchange.until <= this.#clock.monotonic()) return undefined;
    return exchange;
  }

  open(key: string, authenticator: string): Exchange {
    const now = this.#clock.monotonic();
    this.#exchanges.delete(key);
    for (const [oldest, { until }] of this.#exchanges) {
      if (until > now && this.#exchanges.size < this.#most) break;
      this.#exchanges.delete(oldest);
    }
    const exchange = { key, authenticator, until: now + KEPT_MS, reply: undefined };
    this.#exchanges.set(key, exchange);
    return exchange;
  }

  /** Sent again it shall be done again. */
  forget(exchange: Exchange): void {
    if (this.#exchanges.get(exchange.key) === exchange) this.#exchanges.delete(exchange.key);
  }
}
