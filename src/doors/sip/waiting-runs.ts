/**
 * Runs that wait, by the Call-ID of their requests, and the later messages of the same call behind each: a dialog's messages are never
 * reordered. A run waits for 30 seconds in all, whatever for.
 */
import { keyedHash } from '../../core/limits/keyed-hash.ts';
import type { Clock } from '../../platform/clock.ts';
import { PassingMap } from '../../platform/passing-map.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../platform/timer-wheel.ts';
import type { SipMessage } from './message/message.ts';
import type { Overload } from './overload/overload.ts';
import type { Run } from './run.ts';
import type { Source } from './transport/types.ts';

/** Messages of one Call-ID that may wait behind a suspended run; SIP repeats what is dropped. */
const QUEUE_PER_CALL = 16;
/** The caller of a non-INVITE gives up after 32 s (timer F): it shall hear why. */
export const LONGEST_WAIT_MS = 30_000;

export interface Queued {
  readonly message: SipMessage;
  readonly source: Source;
}

export interface Waiting {
  readonly run: Run;
  /** Monotonic milliseconds. */
  readonly since: number;
  queue: Queued[] | undefined;
  /** It waits for something; else its script was not begun yet. */
  suspended: boolean;
}

export class WaitingRuns implements TimerOwner {
  readonly #byCall = new PassingMap<Waiting>(keyedHash);
  readonly #overload: Overload;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #giveUp: (run: Run) => void;
  /** Due when the first of them has waited long enough. */
  readonly #patience = new Timer(this);
  /** For the names of failure routes that wait. */
  #failureRuns = 0;

  /** `giveUp`: of one that has waited too long. */
  constructor(parts: { clock: Clock; wheel: TimerWheel }, overload: Overload, giveUp: (run: Run) => void) {
    this.#clock = parts.clock;
    this.#wheel = parts.wheel;
    this.#overload = overload;
    this.#giveUp = giveUp;
  }

  get size(): number {
    return this.#byCall.size;
  }

  has(callId: string): boolean {
    return this.#byCall.has(callId);
  }

  get(callId: string): Waiting | undefined {
    return this.#byCall.size === 0 ? undefined : this.#byCall.get(callId);
  }

  add(run: Run): Waiting {
    // Behind a request the next ones of its call wait; a failure route lets them pass.
    run.waitKey ||= run.kind === 'request' ? run.message.callId : `\n${++this.#failureRuns}`;
    const waiting = { run, since: this.#clock.monotonic(), queue: undefined, suspended: false };
    this.#byCall.set(run.waitKey, waiting);
    this.#overload.holds(run.message.raw.length);
    if (!this.#patience.running) this.#wheel.start(this.#patience, LONGEST_WAIT_MS);
    return waiting;
  }

  /** It waits for something, from now on or again. */
  suspend(run: Run): void {
    const own = this.#of(run) ?? this.add(run);
    if (own.suspended) return;
    own.suspended = true;
    this.#overload.suspended(run.message);
  }

  /** Undefined: it did not wait. */
  remove(run: Run): Waiting | undefined {
    const waiting = this.#of(run);
    if (waiting === undefined) return undefined;
    this.#byCall.delete(run.waitKey);
    this.#overload.released(run.message, waiting.suspended);
    return waiting;
  }

  /** False: there is no room. */
  queueBehind(before: Waiting, next: Queued): boolean {
    const { queue } = before;
    if (this.#overload.isFull || queue?.length === QUEUE_PER_CALL) return false;
    if (queue === undefined) before.queue = [next];
    else queue.push(next);
    this.#overload.queued(next.message);
    return true;
  }

  /** Hands out, in order, what stood behind one that has ended; what is handed out may wait in its turn, and the rest then stays behind it. */
  release({ run: { waitKey }, queue }: Waiting, hand: (next: Queued) => void): void {
    if (queue === undefined) return;
    for (let i = 0; i < queue.length; i++) {
      const next = queue[i]!;
      const again = this.#byCall.get(waitKey);
      if (again) {
        again.queue = again.queue ? again.queue.concat(queue.slice(i)) : queue.slice(i);
        return;
      }
      this.#overload.dequeued(next.message);
      hand(next);
    }
  }

  onTimer(): void {
    const now = this.#clock.monotonic();
    let rest = Number.POSITIVE_INFINITY;
    for (const { run, since } of this.#byCall.values()) {
      const left = since + LONGEST_WAIT_MS - now;
      if (left > 0) rest = Math.min(rest, left);
      else this.#giveUp(run);
    }
    if (rest !== Number.POSITIVE_INFINITY) this.#wheel.start(this.#patience, rest);
  }

  #of(run: Run): Waiting | undefined {
    const waiting = run.waitKey === '' ? undefined : this.#byCall.get(run.waitKey);
    return waiting?.run === run ? waiting : undefined;
  }
}
