/**
 * Calls back that were asked for: each after its wait, on a line that may make it, a bounded number of times, and one at a time for each user.
 *
 * The wait is longer than an exchange takes to clear a call, and different each time, so that nobody can be there to take the call in the
 * user's place. A ring before the dialling, glare, ends it: somebody is on the line. Each call is a line of the audit trail.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { auditChange } from '../../../core/audit/events.ts';
import type { CallBack } from '../../../core/gate/types.ts';
import type { Journal } from '../../../core/journal/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { DialResult } from '../modem/types.ts';

export type CallOutcome = DialResult['kind'] | 'line down';

export interface CallBackRules {
  readonly line: 'same' | 'other';
  /** Seconds. */
  readonly wait: number;
  readonly random: number;
  readonly attempts: number;
  readonly retry: number;
  readonly total: number;
  readonly per_hour: number;
}

/** A line that can be asked to call. */
export interface Caller {
  readonly name: string;
  readonly mayCall: boolean;
  /**
   * Calls, and when somebody answers, stays with him until the end: resolves as soon as it is known what became of the call.
   * Undefined: it is busy now.
   */
  call(to: CallBack, signal: AbortSignal): Promise<CallOutcome> | undefined;
  /** Resolves when it may be worth asking again. */
  freed(signal: AbortSignal): Promise<void>;
}

export interface PlannerParts {
  readonly callers: readonly Caller[];
  readonly rules: () => CallBackRules;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
}

const HOUR_MS = 3_600_000;
/** Of users with calls in the last hour that are kept. */
const MOST_USERS = 10_000;

export class CallBackPlanner {
  readonly #parts: PlannerParts;
  readonly #stop = new AbortController();
  readonly #under = new Map<string, Promise<void>>();
  /** Times of the requests that were followed, by owner. */
  readonly #recent = new Map<string, number[]>();

  constructor(parts: PlannerParts) {
    this.#parts = parts;
  }

  /** Owners who are being called, or will be. */
  get waiting(): number {
    return this.#under.size;
  }

  /** False, and written down: he is being called already, or was often enough. `on`: the line that the request came on, if any. */
  plan(to: CallBack, on: string | undefined): boolean {
    const reason = this.#under.has(to.owner) ? 'call-pending' : this.#isOften(to.owner) ? 'called-often' : undefined;
    if (reason !== undefined || this.#stop.signal.aborted) {
      this.#write('refused', to, { client: on, reason: reason ?? 'stopping' });
      return false;
    }
    const done = this.#follow(to, on).finally(() => this.#under.delete(to.owner));
    this.#under.set(to.owner, done);
    return true;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#under.values());
  }

  async #follow(to: CallBack, on: string | undefined): Promise<void> {
    const { total } = this.#parts.rules();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), total * 1000);
    const time = AbortSignal.any([this.#stop.signal, late.signal]);
    try {
      await this.#tryUntil(to, on, time);
    } finally {
      clearTimeout(timer);
    }
  }

  async #tryUntil(to: CallBack, on: string | undefined, time: AbortSignal): Promise<void> {
    const { wait, random, attempts, retry } = this.#parts.rules();
    let pause = wait + random * this.#parts.random();
    for (let attempt = 1; attempt <= attempts; attempt++) {
      if (!(await pass(pause * 1000, time))) break;
      const made = await this.#callOnce(to, on, time);
      if (made === undefined) break;
      const { line, outcome } = made;
      this.#write('called-back', to, { line, client: to.number, attempt, result: outcome });
      if (outcome === 'connected' || outcome === 'glare') return;
      pause = retry;
    }
    this.#write('called-back', to, { client: to.number, result: this.#stop.signal.aborted ? 'stopped' : 'given up' });
  }

  /** On the first line that is free; undefined: the time is over. */
  async #callOnce(to: CallBack, on: string | undefined, time: AbortSignal): Promise<Made | undefined> {
    const { callers, rules } = this.#parts;
    const { line } = rules();
    const isFit = ({ name, mayCall }: Caller) => mayCall && (on === undefined || (line === 'same') === (name === on));
    const fit = callers.filter(isFit);
    while (!time.aborted && fit.length > 0) {
      for (const caller of fit) {
        const outcome = caller.call(to, time);
        if (outcome !== undefined) return { line: caller.name, outcome: await outcome };
      }
      const other = new AbortController();
      await Promise.race(fit.map((caller) => caller.freed(AbortSignal.any([time, other.signal]))));
      other.abort();
    }
    return undefined;
  }

  #isOften(owner: string): boolean {
    const now = this.#parts.clock.monotonic();
    const times = (this.#recent.get(owner) ?? []).filter((time) => now - time < HOUR_MS);
    if (times.length >= this.#parts.rules().per_hour) return true;
    this.#recent.delete(owner);
    this.#recent.set(owner, [...times, now]);
    if (this.#recent.size > MOST_USERS) this.#recent.delete(this.#recent.keys().next().value!);
    return false;
  }

  #write(event: 'refused' | 'called-back', { login, alias }: CallBack, fields: Record<string, unknown>): void {
    const { journal, clock } = this.#parts;
    const more = { ...fields, ...(alias === '' ? {} : { alias }) } as Record<string, string | number>;
    journal.append([auditChange(clock.now(), event, { door: 'dial', user: login, ...more })]);
  }
}

interface Made {
  readonly line: string;
  readonly outcome: CallOutcome;
}

/** False: the time was cut short. */
async function pass(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
