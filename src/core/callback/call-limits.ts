/**
 * How often users may be rung: once at a time, with a pause in between, so often in an hour, for each user and for each number; and so often a day in all,
 * since calls cost money, and whoever knows a password can have them made. Counts are in memory. Times in milliseconds, monotonic.
 */
export interface CallRules {
  readonly at_once: number;
  /** Seconds. */
  readonly pause: number;
  readonly per_hour: number;
  readonly per_day: number;
}

export type CallRefusal = 'call-pending' | 'calls-at-once' | 'called-lately' | 'called-often' | 'calls-today';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Users and numbers with calls in the last hour that are kept. */
const MOST_KEPT = 10_000;

export class CallLimits {
  readonly #rules: () => CallRules;
  readonly #under = new Set<string>();
  /** Times of calls, by whom or what was called; the one called last is last. */
  readonly #recent = new Map<string, number[]>();
  #calls = 0;
  /** Of the last day, in order. */
  #day: number[] = [];

  constructor(rules: () => CallRules) {
    this.#rules = rules;
  }

  /** `keys`: the user, and what is called. Undefined: the call has begun, and `ended` is to be said. */
  begin(keys: readonly string[], now: number): CallRefusal | undefined {
    const { at_once, pause, per_hour, per_day } = this.#rules();
    if (keys.some((key) => this.#under.has(key))) return 'call-pending';
    if (this.#calls >= at_once) return 'calls-at-once';
    const times = keys.map((key) => (this.#recent.get(key) ?? []).filter((time) => now - time < HOUR_MS));
    if (times.some((all) => all.length > 0 && now - all.at(-1)! < pause * 1000)) return 'called-lately';
    if (times.some((all) => all.length >= per_hour)) return 'called-often';
    this.#day = this.#day.filter((time) => now - time < DAY_MS);
    if (this.#day.length >= per_day) return 'calls-today';
    this.#calls++;
    this.#day.push(now);
    for (const [index, key] of keys.entries()) {
      this.#under.add(key);
      this.#recent.delete(key);
      this.#recent.set(key, [...times[index]!, now]);
    }
    while (this.#recent.size > MOST_KEPT) this.#recent.delete(this.#recent.keys().next().value!);
    return undefined;
  }

  ended(keys: readonly string[]): void {
    this.#calls--;
    for (const key of keys) this.#under.delete(key);
  }
}
