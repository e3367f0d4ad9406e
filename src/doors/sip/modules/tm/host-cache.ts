/**
 * Addresses of host names, looked up in the system's way (hosts file, then DNS) and remembered for a while.
 *
 * Bounds: 1,000 names; two look-ups at once, since each occupies one of the process's four worker threads; 200 more may wait; three
 * seconds for one, after which the name counts as unknown. Units: milliseconds.
 */
import { lookup } from 'node:dns';
import type { Clock } from '../../../../platform/clock.ts';

const NAMES = 1000;
const AT_ONCE = 2;
const WAITING = 200;
const LIMIT_MS = 3000;
const KNOWN_MS = 60_000;
const UNKNOWN_MS = 5000;

/** Whoever waits for a name; asks the cache again when told. */
export interface HostWaiter {
  hostResolved(): void;
}

/** Calls back once with the addresses, none when the name is unknown. */
export type LookUp = (host: string, done: (addresses: readonly string[]) => void) => void;

const systemLookUp: LookUp = (host, done) => {
  lookup(host, { all: true, order: 'ipv4first' }, (error, found) => done(error ? [] : found.map((one) => one.address)));
};

interface Entry {
  addresses: readonly string[] | undefined;
  until: number;
  waiters: HostWaiter[];
}

export class HostCache {
  readonly #entries = new Map<string, Entry>();
  readonly #queue: string[] = [];
  readonly #clock: Clock;
  readonly #lookUp: LookUp;
  #running = 0;

  constructor(clock: Clock, lookUp: LookUp = systemLookUp) {
    this.#clock = clock;
    this.#lookUp = lookUp;
  }

  /** The addresses, none when the name is known to be unknown; undefined: the waiter will be told. */
  find(host: string, waiter: HostWaiter | undefined): readonly string[] | undefined {
    const entry = this.#entries.get(host);
    if (entry?.addresses && entry.until > this.#clock.monotonic()) return entry.addresses;
    if (waiter === undefined) return [];
    if (entry && entry.addresses === undefined) {
      entry.waiters.push(waiter);
      return undefined;
    }
    if (this.#queue.length >= WAITING || !this.#makeRoom()) return [];
    this.#entries.delete(host);
    this.#entries.set(host, { addresses: undefined, until: 0, waiters: [waiter] });
    this.#queue.push(host);
    this.#next();
    return undefined;
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const host = this.#queue.shift();
      if (host === undefined) return;
      this.#running++;
      this.#ask(host);
    }
  }

  #ask(host: string): void {
    const entry = this.#entries.get(host)!;
    const settle = (addresses: readonly string[]) => {
      const { waiters } = entry;
      // An answer that comes after the limit is still good for the next who asks.
      entry.addresses = addresses;
      entry.until = this.#clock.monotonic() + (addresses.length > 0 ? KNOWN_MS : UNKNOWN_MS);
      entry.waiters = [];
      for (const waiter of waiters) waiter.hostResolved();
    };
    const limit = setTimeout(settle, LIMIT_MS, []);
    this.#lookUp(host, (addresses) => {
      this.#running--;
      clearTimeout(limit);
      settle(addresses);
      this.#next();
    });
  }

  /** Forgets the oldest name that nobody waits for. */
  #makeRoom(): boolean {
    if (this.#entries.size < NAMES) return true;
    for (const [host, entry] of this.#entries) {
      if (entry.addresses === undefined) continue;
      this.#entries.delete(host);
      return true;
    }
    return false;
  }
}
