/**
 * Units that were lost and that nobody waited for, such as the audit lines of refusals: counted, said in the log every ten
 * seconds at most, and shown by health for an hour after the last.
 */
import type { HealthItem } from '../core/doors/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';

const SAY_MS = 10_000;
const SHOW_MS = 3_600_000;

export class LostUnits {
  readonly #clock: Clock;
  readonly #log: Log;
  #count = 0;
  #unsaid = 0;
  #reason = '';
  #since = 0;
  #last = Number.NEGATIVE_INFINITY;
  #said = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  add(count: number, reason: string): void {
    if (count === 0) return;
    this.#count += count;
    this.#unsaid += count;
    this.#reason = reason;
    this.#since ||= this.#clock.now();
    this.#last = this.#clock.monotonic();
    const wait = this.#said + SAY_MS - this.#last;
    if (wait <= 0) this.#say();
    else this.#timer ??= setTimeout(() => this.#say(), wait).unref();
  }

  health(): HealthItem[] {
    if (this.#clock.monotonic() - this.#last > SHOW_MS) return [];
    const text = `${this.#count} changes that nobody waited for were lost, the last because ${this.#reason}`;
    return [{ code: 'STORAGE_LOST', severity: 'warning', text, since: this.#since }];
  }

  #say(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#said = this.#clock.monotonic();
    this.#log.error('changes that nobody waited for were lost', { count: this.#unsaid, reason: this.#reason });
    this.#unsaid = 0;
  }
}
