/**
 * Providers that could not be reached, passed over for a while: 30 s after the first time, then 60, 90, 150 s (30 + 30 * 2^n, n up to 8) as
 * long as each next try fails, too. One that takes a message is as new.
 *
 * Shared by whoever sends: what one login found out, the next one need not.
 */
import type { Clock } from '../../platform/clock.ts';
import type { HealthItem } from '../doors/types.ts';

const FIRST_MS = 30_000;
const STEP_MS = 30_000;
const MOST_STEPS = 8;

interface Failing {
  readonly failures: number;
  /** Of the monotonic clock. */
  since: number;
  readonly until: number;
  /** For people. */
  readonly first: number;
  readonly why: string;
}

export class FailedProviders {
  readonly #clock: Clock;
  readonly #failing = new Map<string, Failing>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  failed(name: string, why: string): void {
    const now = this.#clock.monotonic();
    const failing = this.#failing.get(name) ?? { failures: 0, since: now, until: 0, first: this.#clock.now(), why };
    failing.since = now;
    // Messages that were on their way together found out the same; so did a last try while all are passed over.
    if (now < failing.until) return;
    const wait =
      failing.failures === 0 ? FIRST_MS : FIRST_MS + STEP_MS * 2 ** Math.min(failing.failures - 1, MOST_STEPS);
    this.#failing.set(name, { ...failing, failures: failing.failures + 1, until: now + wait, why });
  }

  /** Also of one that was changed or is gone. */
  worked(name: string): void {
    this.#failing.delete(name);
  }

  /** Those to be tried, in their order; where all failed, the one whose last failure is the longest ago. */
  usable(names: readonly string[]): readonly string[] {
    const now = this.#clock.monotonic();
    const usable = names.filter((name) => (this.#failing.get(name)?.until ?? 0) <= now);
    if (usable.length > 0 || names.length === 0) return usable;
    const since = (name: string) => this.#failing.get(name)!.since;
    return [names.reduce((oldest, name) => (since(name) < since(oldest) ? name : oldest))];
  }

  health(): HealthItem[] {
    const now = this.#clock.monotonic();
    return [...this.#failing].map(([name, { first, until, why }]) => {
      const wait = until > now ? `, and is passed over for ${Math.ceil((until - now) / 1000)} s` : '';
      const text = `the SMS provider ${name} cannot be reached${wait}: ${why}`;
      return { code: 'SMS_PROVIDER_DOWN', severity: 'warning', text, since: first };
    });
  }
}
