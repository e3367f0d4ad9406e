/** Somebody who waits until all questions about host names that were opened for him are answered, for a bounded time in all. */
import type { RecordWaiter } from './record-cache.ts';

export abstract class NamesWait implements RecordWaiter {
  readonly sender: string;
  readonly #patienceMs: number;
  #until = 0;
  #open = 0;

  constructor(sender: string, patienceMs: number) {
    this.sender = sender;
    this.#patienceMs = patienceMs;
  }

  until(now: number): number {
    this.#until ||= now + this.#patienceMs;
    return this.#until;
  }

  get isOpen(): boolean {
    return this.#open > 0;
  }

  opened(): void {
    this.#open++;
  }

  resolved(): void {
    if (--this.#open === 0) this.answered();
  }

  /** All that were open are answered; there may be more to ask. */
  protected abstract answered(): void;
}
