/**
 * Answers to those over the limit: late, one per delay and counter, and only so many at a time. All else is dropped.
 */
import type { Timer, TimerOwner, TimerWheel } from '../../platform/timer-wheel.ts';
import { Timer as WheelTimer } from '../../platform/timer-wheel.ts';
import type { Answer, Refused } from '../gate/types.ts';
import type { Bucket } from './bucket.ts';

/** Over the limit, and an answer is due. */
export const SLOWED: Refused = { verdict: 'refused', reason: 'slowed', silent: false };
/** Over the limit, and nothing is said. */
export const SILENT: Refused = { verdict: 'refused', reason: 'slowed', silent: true };

export class DelayedAnswers {
  readonly #wheel: TimerWheel;
  readonly #delayMs: number;
  readonly #most: number;
  #waiting = 0;

  constructor(wheel: TimerWheel, delayMs: number, most: number) {
    this.#wheel = wheel;
    this.#delayMs = delayMs;
    this.#most = most;
  }

  /** Answers under way. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The one answer of this delay as a promise, or SILENT. */
  answer(bucket: Bucket): Answer<Refused> {
    if (bucket.answering || this.#waiting >= this.#most) return SILENT;
    bucket.answering = true;
    this.#waiting++;
    const { promise, resolve } = Promise.withResolvers<Refused>();
    const done = () => {
      bucket.answering = false;
      this.#waiting--;
      resolve(SLOWED);
    };
    this.#wheel.start(new WheelTimer(new Delay(done)), this.#delayMs);
    return promise;
  }
}

class Delay implements TimerOwner {
  readonly #done: () => void;

  constructor(done: () => void) {
    this.#done = done;
  }

  onTimer(_timer: Timer): void {
    this.#done();
  }
}
