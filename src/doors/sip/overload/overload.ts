/**
 * Keeps a server that gets more than it can do doing what it can.
 *
 * While the event loop never rests, new requests are read at once but begun only when there is nothing more urgent: whatever
 * belongs to work under way (responses, ACK, BYE, CANCEL, requests within a dialog, repetitions) goes before them, and those with
 * credentials go before those without, whose second leg they are. So nothing urgent is lost in the kernel's buffer, and what waits, waits
 * here, where it can be counted. When more waits than can be begun in time, the newest are turned away before they cost much.
 *
 * Registrations that wait until they are stored have a limit of their own: calls are not turned away because the disk is slow.
 *
 * Whoever is turned away gets a stateless 503 whose Retry-After spreads them. That must be said to nearly everybody, since a request
 * that hears nothing comes again up to ten times; the bound is for floods that do not listen.
 *
 * All of it is judged every 100 ms and costs nothing per message while the loop rests. Times in milliseconds.
 * Source: RFC 3261 section 21.5.4; RFC 6357 and 7339 on overload control; RFC 8289 (CoDel).
 */
import type { HealthItem } from '../../../core/doors/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../../platform/timer-wheel.ts';
import { Header } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';
import type { Run } from '../run.ts';
import { QueueLimit } from './queue-limit.ts';
import { RunQueue } from './run-queue.ts';

const STEP_MS = 100;
/** Part of a step that the loop rests: below the one it has no time to spare, above the other it has. */
const REST_NONE = 0.01;
const REST_SOME = 0.05;
/** How long a new request may wait: below T1 (500 ms), at which clients begin to repeat. */
const BEGIN_MS = 150;
/**
 * How long a registration may wait for the database: less than the journal's two seconds, and more than a slow disk takes for a
 * commit. Those that wait together are stored together, so fewer would only make the batches smaller and the rate lower, again and again.
 */
const STORE_MS = 1500;
const BEGIN_LEAST = 50;
const STORE_LEAST = 200;
/** Messages in a turn of the loop that show that the sockets hold more: Node reads 32 datagrams at a time. */
const FULL_TURN = 32;
/** New requests are begun for so long before the sockets are looked at again, and at least so often even when those are never empty. */
const SLICE_MS = 2;
const STARVED_MS = 50;
/** Where turning away is most of what is read, as long as reading took, up to this. */
const LONG_SLICE_MS = 10;
/** 503s in a step. */
const ANSWERS = 2500;
/** After so long without a request turned away it is over. */
const CALM_MS = 2000;
const RETRY_AFTER_S = 5;
const RETRY_SPREAD_S = 16;
/** Runs that wait for whatever reason, and the characters of their messages and of those queued behind them. */
const HELD_MAX = 20_000;
const HELD_CHARACTERS = 64 << 20;

const RETRY_AFTER = Array.from({ length: RETRY_SPREAD_S }, (_, i) => `Retry-After: ${RETRY_AFTER_S + i}\r\n`);

export interface OverloadParts {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Log;
  /** How long the event loop has rested since the start; absent: as it says itself. */
  readonly rested?: (() => number) | undefined;
}

/** What the engine does with a run that was put off. */
export interface Deferring {
  /** Messages that have come so far. */
  readonly received: number;
  begin(run: Run): void;
  turnAway(run: Run): void;
}

export class Overload implements TimerOwner {
  readonly counters = { deferred: 0, answered: 0, dropped: 0 };
  readonly #parts: OverloadParts;
  readonly #engine: Deferring;
  readonly #rested: () => number;
  readonly #timer = new Timer(this);
  readonly #first = new RunQueue();
  readonly #second = new RunQueue();
  readonly #beginning = new QueueLimit(BEGIN_MS, BEGIN_LEAST);
  readonly #storing = new QueueLimit(STORE_MS, STORE_LEAST);
  readonly #serve = () => this.#serveSome();
  #armed = false;
  #busy = false;
  #limited = false;
  /** Since the last step. */
  #stepAt = 0;
  #restedBefore = 0;
  #begun = 0;
  #emptied = true;
  #stored = 0;
  #registeringLeast = 0;
  #answersLeft = ANSWERS;
  /** At the turn of the loop before. */
  #receivedBefore = 0;
  /** When new requests were begun last; messages received until then, and turned away since. */
  #servedAt = 0;
  #receivedServed = 0;
  #shedSince = 0;
  /** Runs that wait, and of these the registrations that wait to be stored. */
  #held = 0;
  #characters = 0;
  #registering = 0;
  /** Wall clock; 0 = nobody is turned away. */
  #since = 0;
  #shedAt = 0;
  #shedBefore = 0;

  constructor(parts: OverloadParts, engine: Deferring) {
    this.#parts = parts;
    this.#engine = engine;
    this.#rested = parts.rested ?? (() => performance.eventLoopUtilization().idle);
  }

  /** Begins to look. */
  run(): void {
    this.#stepAt = this.#parts.clock.monotonic();
    this.#restedBefore = this.#rested();
    this.#parts.wheel.start(this.#timer, STEP_MS);
  }

  /** New requests put off now. */
  get deferred(): number {
    return this.#first.length + this.#second.length;
  }

  /** Characters of messages that wait. */
  get characters(): number {
    return this.#characters;
  }

  /** No more may wait, for whatever reason. */
  get isFull(): boolean {
    return this.#held >= HELD_MAX || this.#characters >= HELD_CHARACTERS;
  }

  health(): HealthItem[] {
    if (this.#since === 0) return [];
    const text = `more comes than can be done: shedding since ${new Date(this.#since).toISOString()}`;
    return [{ code: 'SIP_OVERLOAD', severity: 'warning', text, since: this.#since }];
  }

  /** Whether this request shall be turned away unless it belongs to something in work: asked first of all. */
  sheds(request: SipMessage): boolean {
    if (!this.#limited || !isNewWork(request)) return false;
    const isSecond = hasCredentials(request);
    if (request.method === 'REGISTER' && this.#registering >= this.#storing.value * (isSecond ? 2 : 1)) return true;
    if (this.deferred < this.#beginning.value) return false;
    // A first leg makes room for a second.
    return !isSecond || this.#first.length === 0;
  }

  /** The header lines of the 503 for a request turned away, or undefined: it gets no answer. */
  turnAway(): string | undefined {
    this.#shedAt = this.#parts.clock.monotonic();
    this.#shedSince++;
    if (this.#answersLeft === 0) {
      this.counters.dropped++;
      return undefined;
    }
    this.#answersLeft--;
    return RETRY_AFTER[this.counters.answered++ % RETRY_SPREAD_S]!;
  }

  /** Whether this request shall not begin at once. */
  defers(request: SipMessage): boolean {
    return this.#busy && isNewWork(request);
  }

  /** Puts a run off: `begin` or `turnAway` follows. */
  defer(run: Run): void {
    this.counters.deferred++;
    (hasCredentials(run.message) ? this.#second : this.#first).push(run);
    if (!this.#armed) this.#arm();
    if (this.deferred > this.#beginning.value) this.#turnAwayNewest();
  }

  #arm(): void {
    this.#armed = true;
    setImmediate(this.#serve);
  }

  #serveSome(): void {
    const { clock } = this.#parts;
    const start = clock.monotonic();
    const { received } = this.#engine;
    const full = received - this.#receivedBefore >= FULL_TURN;
    this.#receivedBefore = received;
    const unserved = start - this.#servedAt;
    const flooded = full && 2 * this.#shedSince > received - this.#receivedServed;
    if (full && !flooded && unserved < STARVED_MS) {
      setImmediate(this.#serve);
      return;
    }
    this.#receivedServed = received;
    this.#shedSince = 0;
    const slice = flooded ? Math.min(Math.max(unserved, SLICE_MS), LONG_SLICE_MS) : SLICE_MS;
    let now = start;
    do {
      const run = this.#second.oldest() ?? this.#first.oldest();
      if (run === undefined) break;
      this.#begun++;
      this.#engine.begin(run);
      now = clock.monotonic();
    } while (now - start < slice);
    this.#servedAt = now;
    this.#armed = false;
    if (this.deferred > 0) this.#arm();
    else this.#emptied = true;
  }

  #turnAwayNewest(): void {
    const run = this.#first.newest() ?? this.#second.newest();
    if (run) this.#engine.turnAway(run);
  }

  /** A run waits, for whatever reason, from now to `released`. */
  holds(request: SipMessage): void {
    this.#held++;
    this.#characters += request.raw.length;
  }

  /** It waits for something: database, name look-up. */
  suspended(request: SipMessage): void {
    if (request.method === 'REGISTER') this.#registering++;
  }

  released(request: SipMessage, wasSuspended: boolean): void {
    this.#held--;
    this.#characters -= request.raw.length;
    if (!wasSuspended || request.method !== 'REGISTER') return;
    this.#registering--;
    this.#registeringLeast = Math.min(this.#registeringLeast, this.#registering);
    this.#stored++;
  }

  /** A message waits behind a run, from now to `dequeued`. */
  queued(request: SipMessage): void {
    this.#characters += request.raw.length;
  }

  dequeued(request: SipMessage): void {
    this.#characters -= request.raw.length;
  }

  onTimer(): void {
    const { clock, wheel } = this.#parts;
    wheel.start(this.#timer, STEP_MS);
    const now = clock.monotonic();
    const elapsed = now - this.#stepAt;
    const rested = this.#rested();
    const rest = (rested - this.#restedBefore) / elapsed;
    this.#stepAt = now;
    this.#restedBefore = rested;
    if (rest < REST_NONE) this.#busy = true;
    else if (rest > REST_SOME) this.#busy = false;
    this.#beginning.step(!this.#emptied, this.#begun, elapsed);
    this.#storing.step(this.#registeringLeast >= STORE_LEAST, this.#stored, elapsed);
    this.#limited = this.#beginning.isSet || this.#storing.isSet;
    this.#begun = 0;
    this.#emptied = this.deferred === 0;
    this.#stored = 0;
    this.#registeringLeast = this.#registering;
    this.#answersLeft = ANSWERS;
    for (let excess = this.deferred - this.#beginning.value; excess > 0; excess--) this.#turnAwayNewest();
    this.#tell(now);
  }

  #tell(now: number): void {
    const { clock, log } = this.#parts;
    const shed = this.counters.answered + this.counters.dropped;
    if (this.#since === 0) {
      if (shed === this.#shedBefore) return;
      this.#since = clock.now();
      log.warn('more comes than can be done: new requests are turned away', { waiting: this.#held });
    } else if (now - this.#shedAt >= CALM_MS) {
      log.info('the overload is over', { turnedAway: shed - this.#shedBefore, ms: clock.now() - this.#since });
      this.#since = 0;
      this.#shedBefore = shed;
    }
  }
}

/** Begins something that nobody waits for yet: nothing within a dialog. */
function isNewWork(request: SipMessage): boolean {
  return !endsWork(request) && request.toTag === '';
}

/** Helps what is under way to its end. */
export function endsWork({ method }: SipMessage): boolean {
  return method === 'ACK' || method === 'BYE' || method === 'CANCEL';
}

function hasCredentials(request: SipMessage): boolean {
  return request.indexOf(Header.authorization) >= 0 || request.indexOf(Header.proxyAuthorization) >= 0;
}
