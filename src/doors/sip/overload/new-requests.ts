/**
 * New requests that were put off while there is no time to spare. They begin when a turn of the event loop shows that the sockets are
 * empty, those with credentials first, since they are the second legs of the others. Times in milliseconds.
 */
import type { Clock } from '../../../platform/clock.ts';
import { Header } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';
import type { Run } from '../run.ts';
import type { QueueLimit } from './queue-limit.ts';
import { RunQueue } from './run-queue.ts';

/** Messages in a turn of the loop that show that the sockets hold more: that many datagrams are read at a time. */
const FULL_TURN = 32;
/** They are begun for so long before the sockets are looked at again, and at least so often even when those are never empty. */
const SLICE_MS = 2;
const STARVED_MS = 50;
/** Where most of what is read belongs to no work under way, as long as reading took, up to this. */
const LONG_SLICE_MS = 10;

/** What the engine does with a run that was put off. */
export interface Deferring {
  /** Messages that have come so far, and of these such as take work under way further. */
  readonly received: number;
  readonly urgent: number;
  begin(run: Run): void;
  turnAway(run: Run): void;
}

export class NewRequests {
  readonly #clock: Clock;
  readonly #engine: Deferring;
  readonly #limit: QueueLimit;
  readonly #first = new RunQueue();
  readonly #second = new RunQueue();
  readonly #serve = () => this.#serveSome();
  #armed = false;
  /** At the turn of the loop before. */
  #receivedBefore = 0;
  /** When some were begun last, and the messages until then. */
  #servedAt = 0;
  #receivedServed = 0;
  #urgentServed = 0;

  constructor(clock: Clock, engine: Deferring, limit: QueueLimit) {
    this.#clock = clock;
    this.#engine = engine;
    this.#limit = limit;
  }

  get length(): number {
    return this.#first.length + this.#second.length;
  }

  /** Whether there is no place for it: a first leg makes room for a second. */
  isFullFor(request: SipMessage): boolean {
    return this.length >= this.#limit.value && !(hasCredentials(request) && this.#first.length > 0);
  }

  /** Puts a run off: `begin` or `turnAway` follows. */
  push(run: Run): void {
    (hasCredentials(run.message) ? this.#second : this.#first).push(run);
    if (!this.#armed) this.#arm();
    if (this.length > this.#limit.value) this.turnAwayNewest();
  }

  turnAwayNewest(): void {
    const run = this.#first.newest() ?? this.#second.newest();
    if (run) this.#engine.turnAway(run);
  }

  #arm(): void {
    this.#armed = true;
    setImmediate(this.#serve);
  }

  #serveSome(): void {
    const start = this.#clock.monotonic();
    const { received, urgent } = this.#engine;
    const full = received - this.#receivedBefore >= FULL_TURN;
    this.#receivedBefore = received;
    const unserved = start - this.#servedAt;
    const flooded = full && 2 * (urgent - this.#urgentServed) < received - this.#receivedServed;
    if (full && !flooded && unserved < STARVED_MS) {
      setImmediate(this.#serve);
      return;
    }
    this.#receivedServed = received;
    this.#urgentServed = urgent;
    const slice = flooded ? Math.min(Math.max(unserved, SLICE_MS), LONG_SLICE_MS) : SLICE_MS;
    let now = start;
    do {
      const run = this.#second.oldest() ?? this.#first.oldest();
      if (run === undefined) break;
      this.#limit.left(this.length);
      this.#engine.begin(run);
      now = this.#clock.monotonic();
    } while (now - start < slice);
    this.#servedAt = now;
    this.#armed = false;
    if (this.length > 0) this.#arm();
  }
}

export function hasCredentials(request: SipMessage): boolean {
  return request.indexOf(Header.authorization) >= 0 || request.indexOf(Header.proxyAuthorization) >= 0;
}
