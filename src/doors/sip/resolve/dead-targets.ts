/**
 * Servers that did not answer a short while ago: of several for the same request they are tried last, not never.
 *
 * Bounds: 1,000, the oldest is forgotten first. Source: RFC 3263 section 4.3; RFC 3261 section 21.5.4 for Retry-After.
 */
import type { Clock } from '../../../platform/clock.ts';
import type { Located } from './locate.ts';

const MOST = 1000;
export const DEAD_MS = 30_000;
/** However long a server asks to be spared. */
const LONGEST_MS = 300_000;

export class DeadTargets {
  readonly #clock: Clock;
  /** Until when, in monotonic milliseconds. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(target: Located, ms = DEAD_MS): void {
    const key = keyOf(target);
    this.#until.delete(key);
    this.#until.set(key, this.#clock.monotonic() + Math.min(ms, LONGEST_MS));
    if (this.#until.size <= MOST) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }

  /** It has answered. */
  remove(target: Located): void {
    if (this.#until.size > 0) this.#until.delete(keyOf(target));
  }

  /** Those that are not dead first, in their order. */
  sort<T extends Located>(targets: T[]): T[] {
    if (this.#until.size === 0 || targets.length < 2) return targets;
    const dead = targets.filter((one) => this.isDead(one));
    return dead.length === 0 ? targets : [...targets.filter((one) => !dead.includes(one)), ...dead];
  }

  isDead(target: Located): boolean {
    const key = keyOf(target);
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (this.#clock.monotonic() < until) return true;
    this.#until.delete(key);
    return false;
  }
}

function keyOf({ protocol, address, port }: Located): string {
  return `${protocol} ${address} ${port}`;
}
