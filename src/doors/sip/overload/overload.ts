/**
 * Keeps a server that gets more than it can do doing what it can.
 *
 * While the event loop never rests, new requests are read at once but begun only when there is nothing more urgent: whatever
 * belongs to work under way (responses, ACK, BYE, CANCEL, requests within a dialog, repetitions) goes before them. So nothing urgent is
 * lost in the kernel's buffer, and what waits, waits here, where it can be counted. When for a second more waited than can be begun
 * in time, the newest are turned away before they cost much.
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
import { keyedHash } from '../../../core/limits/keyed-hash.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { PassingMap } from '../../../platform/passing-map.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../../platform/timer-wheel.ts';
import type { SipMessage } from '../message/message.ts';
import type { Run } from '../run.ts';
import type { Source, Transport } from '../transport/types.ts';
import type { Deferred } from './deferred.ts';
import { type Deferring, NewRequests } from './new-requests.ts';
import { QueueLimit } from './queue-limit.ts';

const STEP_MS = 100;
/** Part of a step that the loop rests: below it there is no time to spare. */
const REST = 0.02;
/** What has waited so long for being read shows it, too, before the step is over. */
const LATE_MS = 20;
/**
 * How long a registration may wait for the database; one with credentials twice as long, which is less than the journal's two seconds.
 * It is more than a slow disk takes for a commit: those that wait together are stored together, so fewer would only make the batches
 * smaller and the rate lower, again and again.
 */
const STORE_MS = 900;
/** So many may wait whatever the rate: a burst, or two batches of the journal. */
const LEAST = 1000;
/** Steps for which it may grow: a commit can take a second. */
const STALLING = 10;
/** 503s in a step, more than a processor can write, and how many of them for such as were put off before. */
const ANSWERS = 10_000;
const TRIMMED = 1000;
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
  readonly transport: Pick<Transport, 'turn' | 'waited'>;
}

export class Overload implements TimerOwner {
  readonly counters = { deferred: 0, answered: 0, dropped: 0 };
  readonly #parts: OverloadParts;
  readonly #rested: () => number;
  readonly #timer = new Timer(this);
  readonly #storing = new QueueLimit(STORE_MS, LEAST, STALLING);
  readonly #new: NewRequests;
  /** Those put off of which nothing is known but the text, by Call-ID. */
  readonly #unread = new PassingMap<Deferred>(keyedHash);
  #busy = false;
  /** At the last step. */
  #stepAt = 0;
  #restedBefore = 0;
  #answersLeft = ANSWERS;
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
    this.#new = new NewRequests(parts.clock, parts.transport, engine);
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
    return this.#new.length;
  }

  /** Those of them that were not read. */
  get unreadCount(): number {
    return this.#unread.size;
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

  /** Whether a new request may be put off or turned away now. */
  get isSorting(): boolean {
    return this.isBusy || this.#new.isLimited || this.#storing.isSet;
  }

  /** New requests shall not begin at once. */
  get isBusy(): boolean {
    return this.#busy || this.#parts.transport.waited > LATE_MS;
  }

  /** Whether such a new request shall be turned away unless it belongs to something in work. */
  sheds(method: string, hasCredentials: boolean): boolean {
    if (method === 'REGISTER') {
      const most = this.#storing.value * (hasCredentials ? 2 : 1);
      if (this.#registering >= most) return true;
    }
    return this.#new.isFull(hasCredentials);
  }

  /** The header lines of the 503 for a request turned away, or undefined: it gets no answer. */
  turnAway(): string | undefined {
    this.#shedAt = this.#parts.clock.monotonic();
    if (this.#answersLeft === 0) {
      this.counters.dropped++;
      return undefined;
    }
    this.#answersLeft--;
    return RETRY_AFTER[this.counters.answered++ % RETRY_SPREAD_S]!;
  }

  /** Puts a request off: the engine hears of it again. */
  defer(text: string, source: Source, callId: string, hasCredentials: boolean, run: Run | undefined): void {
    this.counters.deferred++;
    const since = this.#parts.clock.monotonic();
    const request: Deferred = { text, source, callId, hasCredentials, since, run, isOver: false };
    if (run === undefined) {
      this.#unread.set(callId, request);
      this.holds(text.length);
    }
    this.#new.push(request);
  }

  /** The one of this call that was put off and not read. */
  unread(callId: string): Deferred | undefined {
    return this.#unread.get(callId);
  }

  /** It is to be read now. */
  take(request: Deferred): void {
    this.#unread.delete(request.callId);
    this.#held--;
    this.#characters -= request.text.length;
  }

  /** A run waits, for whatever reason, from now to `released`. */
  holds(characters: number): void {
    this.#held++;
    this.#characters += characters;
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
    this.#storing.left(this.#registering);
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
    this.#busy = rest < REST;
    this.#storing.step(elapsed, this.#registering);
    this.#answersLeft = ANSWERS;
    this.#new.step(elapsed, TRIMMED);
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
export function isNewWork(request: SipMessage): boolean {
  return !endsWork(request.method) && request.toTag === '';
}

/** Helps what is under way to its end. */
export function endsWork(method: string): boolean {
  return method === 'ACK' || method === 'BYE' || method === 'CANCEL';
}
