/** Requests that were put off, in the order they came: they leave from the front to be served, from the back to be turned away. */
import type { Run } from '../run.ts';
import type { Source } from '../transport/types.ts';

/** Nothing but its text as long as nobody asks more of it. */
export interface Deferred {
  readonly text: string;
  readonly source: Source;
  readonly callId: string;
  readonly hasCredentials: boolean;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** It was read: because it is not plain, or because something else of its call came. */
  run: Run | undefined;
  /** Nothing is left to do. */
  isOver: boolean;
}

/** Places in front that are left behind before the rest moves up. */
const SLACK = 1024;

export class DeferredQueue {
  readonly #requests: (Deferred | undefined)[] = [];
  #front = 0;

  get length(): number {
    return this.#requests.length - this.#front;
  }

  push(request: Deferred): void {
    this.#requests.push(request);
  }

  oldest(): Deferred | undefined {
    if (this.length === 0) return undefined;
    const request = this.#requests[this.#front];
    this.#requests[this.#front++] = undefined;
    if (this.length === 0 || this.#front === SLACK) {
      this.#requests.splice(0, this.#front);
      this.#front = 0;
    }
    return request;
  }

  newest(): Deferred | undefined {
    return this.length === 0 ? undefined : this.#requests.pop();
  }
}
