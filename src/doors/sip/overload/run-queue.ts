/** Runs in the order they came; leaves from the front to be served, from the back to be turned away. */
import type { Run } from '../run.ts';

/** Places in front that are left behind before the rest moves up. */
const SLACK = 1024;

export class RunQueue {
  readonly #runs: (Run | undefined)[] = [];
  #front = 0;

  get length(): number {
    return this.#runs.length - this.#front;
  }

  push(run: Run): void {
    this.#runs.push(run);
  }

  oldest(): Run | undefined {
    if (this.length === 0) return undefined;
    const run = this.#runs[this.#front];
    this.#runs[this.#front++] = undefined;
    if (this.length === 0 || this.#front === SLACK) {
      this.#runs.splice(0, this.#front);
      this.#front = 0;
    }
    return run;
  }

  newest(): Run | undefined {
    return this.length === 0 ? undefined : this.#runs.pop();
  }
}
