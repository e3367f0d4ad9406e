/**
 * Addresses of host names, looked up in the system's way (hosts file, then DNS) and remembered for a while.
 *
 * A name that is known never makes anybody wait: past its time it is asked again while its old addresses serve on. Who must wait does
 * so for three seconds at most, counted from when he came, however long the queue; a name not answered by then counts as unknown.
 *
 * Bounds: 1,000 names; two look-ups at once, since each occupies one of the process's four worker threads; 200 names and 1,000 waiters
 * may wait. One place (an address, of IPv6 the /64) has one look-up at a time, 10 names and 100 waiters, so that its slow names
 * do not hold up the others. Units: milliseconds.
 */
import { lookup } from 'node:dns';
import { placeOf } from '../../../../core/limits/place.ts';
import type { Clock } from '../../../../platform/clock.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../../../platform/timer-wheel.ts';
import { detach } from '../../message/message.ts';

const NAMES = 1000;
const AT_ONCE = 2;
const QUEUED = 200;
const QUEUED_PER_PLACE = 10;
const WAITERS = 1000;
const WAITERS_PER_PLACE = 100;
/** RFC 1035 section 2.3.4. */
const LONGEST_NAME = 255;
const LIMIT_MS = 3000;
const KNOWN_MS = 60_000;
/** How long addresses serve on while the name cannot be looked up again. */
const STALE_MS = 600_000;
const UNKNOWN_MS = 5000;

/** Whoever waits for a name; asks the cache again when told. */
export interface HostWaiter {
  /** Address of the sender on whose behalf the name is looked up. */
  readonly sender: string;
  hostResolved(): void;
}

/** Calls back once, later, with the addresses, none when the name is unknown. */
export type LookUp = (host: string, done: (addresses: readonly string[]) => void) => void;

const systemLookUp: LookUp = (host, done) => {
  lookup(host, { all: true, order: 'ipv4first' }, (error, found) => done(error ? [] : found.map((one) => one.address)));
};

export interface HostCacheParts {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Told what a waiter or the look-up throws. */
  readonly onError: (error: unknown) => void;
  readonly lookUp?: LookUp | undefined;
}

export class HostCache implements TimerOwner {
  readonly #parts: HostCacheParts;
  readonly #names = new Map<string, Name>();
  readonly #queue: Name[] = [];
  readonly #asking: Name[] = [];
  /** In the order in which they came; the first one's time is over first. */
  readonly #waiters = new Set<Waiting>();
  readonly #limit = new Timer(this);

  constructor(parts: HostCacheParts) {
    this.#parts = parts;
  }

  /** The addresses, none when the name is unknown or there is no room to look it up; undefined: the waiter will be told. */
  find(host: string, waiter: HostWaiter | undefined): readonly string[] | undefined {
    const now = this.#parts.clock.monotonic();
    const name = this.#names.get(host);
    if (name && now < name.fresh) return name.addresses;
    if (waiter === undefined) return name?.usable(now) ?? [];
    const place = placeOf(waiter.sender);
    const old = name?.usable(now);
    if (old) {
      this.#ask(name!, place);
      return old;
    }
    if (name?.overdue || !this.#hasRoomFor(place)) return [];
    const asked = name ?? this.#newName(host);
    if (asked === undefined || !this.#ask(asked, place)) return [];
    this.#waiters.add({ waiter, name: asked, place, until: now + LIMIT_MS });
    if (!this.#limit.running) this.#parts.wheel.start(this.#limit, LIMIT_MS);
    return undefined;
  }

  #hasRoomFor(place: string): boolean {
    if (this.#waiters.size >= WAITERS) return false;
    let count = 0;
    for (const waiting of this.#waiters) if (waiting.place === place) count++;
    return count < WAITERS_PER_PLACE;
  }

  #newName(host: string): Name | undefined {
    if (host.length > LONGEST_NAME || !this.#makeRoom()) return undefined;
    const name = new Name(detach(host));
    this.#names.set(name.host, name);
    return name;
  }

  /** Forgets the oldest name that led nowhere, else the oldest of all that are not being looked up. */
  #makeRoom(): boolean {
    if (this.#names.size < NAMES) return true;
    let oldest: Name | undefined;
    for (const name of this.#names.values()) {
      if (name.pending || (oldest && name.everKnown)) continue;
      oldest = name;
      if (!name.everKnown) break;
    }
    return oldest !== undefined && this.#names.delete(oldest.host);
  }

  /** True: the name is queued or being looked up. */
  #ask(name: Name, place: string): boolean {
    if (name.pending) return true;
    const queued = this.#queue.reduce((count, other) => (other.place === place ? count + 1 : count), 0);
    if (this.#queue.length >= QUEUED || queued >= QUEUED_PER_PLACE) {
      if (!name.everKnown) this.#names.delete(name.host);
      return false;
    }
    name.pending = true;
    name.place = place;
    this.#queue.push(name);
    this.#next();
    return true;
  }

  #next(): void {
    for (let at = 0; at < this.#queue.length && this.#asking.length < AT_ONCE; ) {
      const name = this.#queue[at]!;
      if (this.#asking.some(({ place }) => place === name.place)) at++;
      else {
        this.#queue.splice(at, 1);
        this.#asking.push(name);
        this.#lookUp(name);
      }
    }
  }

  #lookUp(name: Name): void {
    const { lookUp = systemLookUp, onError } = this.#parts;
    try {
      lookUp(name.host, (addresses) => this.#answered(name, addresses));
    } catch (error) {
      onError(error);
      process.nextTick(() => this.#answered(name, []));
    }
  }

  #answered(name: Name, addresses: readonly string[]): void {
    this.#asking.splice(this.#asking.indexOf(name), 1);
    name.answer(addresses, this.#parts.clock.monotonic());
    this.#names.delete(name.host);
    this.#names.set(name.host, name);
    this.#next();
    for (const waiting of this.#waiters) if (waiting.name === name) this.#release(waiting);
  }

  /** Those who have waited long enough go on without. */
  onTimer(): void {
    const now = this.#parts.clock.monotonic();
    for (const waiting of this.#waiters) {
      if (waiting.until > now) {
        this.#parts.wheel.start(this.#limit, waiting.until - now);
        return;
      }
      this.#giveUp(waiting.name);
      this.#release(waiting);
    }
  }

  /** One that was never asked makes room in the queue; one that is being asked makes nobody else wait. */
  #giveUp(name: Name): void {
    const at = this.#queue.indexOf(name);
    if (at < 0) {
      name.overdue = name.pending;
      return;
    }
    if ([...this.#waiters].some((other) => other.name === name && other.until > this.#parts.clock.monotonic())) return;
    this.#queue.splice(at, 1);
    this.#names.delete(name.host);
  }

  #release(waiting: Waiting): void {
    this.#waiters.delete(waiting);
    try {
      waiting.waiter.hostResolved();
    } catch (error) {
      this.#parts.onError(error);
    }
  }
}

interface Waiting {
  readonly waiter: HostWaiter;
  readonly name: Name;
  readonly place: string;
  readonly until: number;
}

class Name {
  readonly host: string;
  addresses: readonly string[] = [];
  /** Until when the addresses, or that there are none, may be taken without asking. */
  fresh = Number.NEGATIVE_INFINITY;
  /** Queued or being looked up, on behalf of `place`. */
  pending = false;
  place = '';
  /** It is being looked up for so long that nobody shall wait for it. */
  overdue = false;
  #stale = Number.NEGATIVE_INFINITY;

  constructor(host: string) {
    this.host = host;
  }

  get everKnown(): boolean {
    return this.addresses.length > 0;
  }

  usable(now: number): readonly string[] | undefined {
    return now < this.#stale ? this.addresses : undefined;
  }

  answer(addresses: readonly string[], now: number): void {
    this.pending = false;
    this.overdue = false;
    this.fresh = now + (addresses.length > 0 ? KNOWN_MS : UNKNOWN_MS);
    if (addresses.length > 0) {
      this.addresses = addresses;
      this.#stale = now + STALE_MS;
    } else if (now >= this.#stale) this.addresses = [];
  }
}
