/**
 * New requests that were put off while there is no time to spare. They begin when a turn of the event loop shows that the sockets are
 * empty, those with credentials first, since they are the second legs of the others: what was begun is finished before more is.
 *
 * Either kind has a queue and a limit of its own. Times in milliseconds.
 */
import type { Clock } from '../../../platform/clock.ts';
import { Header } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';
import type { Transport } from '../transport/types.ts';
import { type Deferred, DeferredQueue } from './deferred.ts';
import { QueueLimit } from './queue-limit.ts';

/** How long one may wait: well below T1 (500 ms), at which clients begin to repeat. */
const BEGIN_MS = 300;
/** So many may wait whatever the rate. */
const LEAST = 1000;
/** Steps of growth in a row, then more comes than can be begun. */
const GROWING = 3;
/** They are begun for so long before the sockets are looked at again, and at least so often even when those are never empty. */
const SLICE_MS = 2;
const STARVED_MS = 50;
/** The same where most of what is read belongs to no work under way: a third of the time. */
const FLOODED_SLICE_MS = 5;
const FLOODED_MS = 10;

/** What the engine does with a request that was put off. */
export interface Deferring {
  /** Messages that have come so far, and of these such as take work under way further. */
  readonly received: number;
  readonly urgent: number;
  begin(request: Deferred): void;
  turnAway(request: Deferred): void;
}

interface Lane {
  readonly queue: DeferredQueue;
  readonly limit: QueueLimit;
}

export class NewRequests {
  readonly #clock: Clock;
  readonly #transport: Pick<Transport, 'turn' | 'waited'>;
  readonly #engine: Deferring;
  readonly #first = newLane();
  readonly #second = newLane();
  readonly #serve = () => this.#serveSome();
  #armed = false;
  /** How long the last one had waited for being read. */
  #waited = 0;
  /** At the turn of the loop before. */
  #receivedBefore = 0;
  /** When some were begun last, and the messages until then. */
  #servedAt = 0;
  #receivedServed = 0;
  #urgentServed = 0;

  constructor(clock: Clock, transport: Pick<Transport, 'turn' | 'waited'>, engine: Deferring) {
    this.#clock = clock;
    this.#transport = transport;
    this.#engine = engine;
  }

  get length(): number {
    return this.#first.queue.length + this.#second.queue.length;
  }

  /** Whether there is a limit. */
  get isLimited(): boolean {
    return this.#first.limit.isSet || this.#second.limit.isSet;
  }

  /** Whether there is no place for one. */
  isFull(hasCredentials: boolean): boolean {
    const { queue, limit } = this.#lane(hasCredentials);
    return queue.length >= limit.value;
  }

  /** Puts a request off: `begin` or `turnAway` follows. */
  push(request: Deferred): void {
    this.#waited = this.#transport.waited;
    this.#lane(request.hasCredentials).queue.push(request);
    if (!this.#armed) this.#arm();
  }

  /** A step has passed: the newest beyond the limits are turned away, so many at most. */
  step(elapsed: number, most: number): void {
    let left = most;
    for (const { queue, limit } of [this.#second, this.#first]) {
      limit.step(elapsed, queue.length, this.#waited);
      for (; queue.length > limit.value && left > 0; left--) this.#engine.turnAway(queue.newest()!);
    }
    this.#waited = 0;
  }

  #lane(hasCredentials: boolean): Lane {
    return hasCredentials ? this.#second : this.#first;
  }

  #arm(): void {
    this.#armed = true;
    setImmediate(this.#serve);
  }

  #serveSome(): void {
    const start = this.#clock.monotonic();
    const { received, urgent } = this.#engine;
    const full = received - this.#receivedBefore >= this.#transport.turn;
    this.#receivedBefore = received;
    const unserved = start - this.#servedAt;
    const flooded = full && 2 * (urgent - this.#urgentServed) < received - this.#receivedServed;
    if (full && unserved < (flooded ? FLOODED_MS : STARVED_MS)) {
      setImmediate(this.#serve);
      return;
    }
    this.#receivedServed = received;
    this.#urgentServed = urgent;
    const slice = flooded ? FLOODED_SLICE_MS : SLICE_MS;
    let now = start;
    do {
      const lane = this.#second.queue.length > 0 ? this.#second : this.#first;
      const request = lane.queue.oldest();
      if (request === undefined) break;
      lane.limit.left(lane.queue.length);
      this.#engine.begin(request);
      now = this.#clock.monotonic();
    } while (now - start < slice);
    this.#servedAt = now;
    this.#armed = false;
    if (this.length > 0) this.#arm();
  }
}

function newLane(): Lane {
  return { queue: new DeferredQueue(), limit: new QueueLimit(BEGIN_MS, LEAST, GROWING) };
}

export function hasCredentials(request: SipMessage): boolean {
  return request.indexOf(Header.authorization) >= 0 || request.indexOf(Header.proxyAuthorization) >= 0;
}
