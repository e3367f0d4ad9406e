/**
 * Many timers for the price of one: a hashed wheel of 512 slots, 10 ms each, driven by one unref'd interval.
 *
 * Starting and stopping are O(1) and make no garbage: a Timer is a node of its slot's list and belongs to its owner for
 * life. Times are milliseconds; a timer fires at its time or up to one tick later, never earlier.
 */
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

const TICK_MS = 10;
const SLOTS = 512;

export interface TimerOwner {
  onTimer(timer: Timer): void;
}

export class Timer {
  readonly owner: TimerOwner;
  /** The owner's own mark, to tell its timers apart. */
  readonly kind: number;
  /** Tick at which it is due; -1 while it does not run. */
  due = -1;
  next: Timer | undefined;
  previous: Timer | undefined;

  constructor(owner: TimerOwner, kind = 0) {
    this.owner = owner;
    this.kind = kind;
  }

  get running(): boolean {
    return this.due >= 0;
  }
}

export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: (Timer | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #origin: number;
  readonly #onError: (error: unknown) => void;
  #tick = 0;
  #size = 0;
  #cursor: Timer | undefined;
  #interval: NodeJS.Timeout | undefined;

  constructor(options: { clock?: Clock; onError: (error: unknown) => void }) {
    this.#clock = options.clock ?? systemClock;
    this.#onError = options.onError;
    this.#origin = this.#clock.monotonic();
  }

  /** Timers running now. */
  get size(): number {
    return this.#size;
  }

  /** Begins to turn; without it `advance` must be called by hand, as tests do. */
  run(): void {
    this.#interval ??= setInterval(() => this.advance(), TICK_MS);
    this.#interval.unref();
  }

  halt(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }

  /** (Re)starts the timer to fire after `delay` milliseconds. */
  start(timer: Timer, delay: number): void {
    if (timer.due >= 0) this.stop(timer);
    const elapsed = this.#clock.monotonic() - this.#origin;
    const due = Math.max(this.#tick + 1, Math.ceil((elapsed + delay) / TICK_MS));
    timer.due = due;
    const slot = due % SLOTS;
    const head = this.#slots[slot];
    timer.next = head;
    timer.previous = undefined;
    if (head) head.previous = timer;
    this.#slots[slot] = timer;
    this.#size++;
  }

  stop(timer: Timer): void {
    if (timer.due < 0) return;
    if (timer === this.#cursor) this.#cursor = timer.next;
    if (timer.previous) timer.previous.next = timer.next;
    else this.#slots[timer.due % SLOTS] = timer.next;
    if (timer.next) timer.next.previous = timer.previous;
    timer.next = undefined;
    timer.previous = undefined;
    timer.due = -1;
    this.#size--;
  }

  /** Fires all that is due now. A timer that throws is reported and does not hold up the others. */
  advance(): void {
    const now = Math.floor((this.#clock.monotonic() - this.#origin) / TICK_MS);
    // After a long stall one turn over all slots is enough: every due timer lies in some slot.
    const last = Math.min(now, this.#tick + SLOTS);
    for (let tick = this.#tick + 1; tick <= last; tick++) this.#fireSlot(tick % SLOTS, now);
    if (now > this.#tick) this.#tick = now;
  }

  #fireSlot(slot: number, now: number): void {
    // A handler may stop any timer, the next of this walk too: `stop` then moves the cursor on. What it starts goes to
    // the head of a slot, behind the cursor.
    this.#cursor = this.#slots[slot];
    while (this.#cursor) {
      const timer = this.#cursor;
      this.#cursor = timer.next;
      if (timer.due > now) continue;
      this.stop(timer);
      try {
        timer.owner.onTimer(timer);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
