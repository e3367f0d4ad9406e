/**
 * The hooks of gatehouse.yaml. All hooks of a door are asked side by side, and all have to admit; the strictest terms hold. Each has its own few
 * places and its own queue, so that one that hangs makes only those wait who need its answer, and only for its time.
 *
 * A hook that fails is said to refuse or to admit by its own option; health tells it until an answer comes.
 */
import type { Clock } from '../../platform/clock.ts';
import { Lanes } from '../../platform/lanes.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics, Sample } from '../../platform/metrics.ts';
import type { HealthItem } from '../doors/types.ts';
import { NO_TERMS, stricter } from '../gate/terms.ts';
import type { Admission, Answer, DoorName, SessionName, Ticket } from '../gate/types.ts';
import { failed } from './answer.ts';
import type { HookConfig } from './config.ts';
import { ADMITTED, type Hooks } from './hooks.ts';
import { Teller } from './teller.ts';
import type { Hook, HookAnswer, HookedSession, SessionEvent } from './types.ts';

const AT_ONCE = 4;
const MOST_WAITING = 256;
/** Sessions whose admission is remembered at most. */
const MOST_ADMITTED = 100_000;

interface Asked {
  readonly config: HookConfig;
  readonly hook: Hook;
  readonly lanes: Lanes;
  readonly results: { admitted: number; refused: number; failed: number };
  failing: { readonly since: number; readonly text: string } | undefined;
}

interface Remembered {
  readonly user: string;
  readonly until: number;
  readonly admission: Admission;
}

export interface HookSetParts {
  readonly hooks: readonly { readonly config: HookConfig; readonly hook: Hook }[];
  readonly clock: Clock;
  readonly log: Log;
}

export class HookSet implements Hooks {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #all: readonly Asked[];
  readonly #asked = new Map<DoorName, readonly Asked[]>();
  readonly #tellers: readonly { readonly doors: readonly string[]; readonly name: string; readonly teller: Teller }[];
  readonly #admitted = new Map<string, Remembered>();

  constructor({ hooks, clock, log }: HookSetParts) {
    this.#clock = clock;
    this.#log = log;
    this.#all = hooks.map(({ config, hook }) => ({
      config,
      hook,
      lanes: new Lanes(AT_ONCE, MOST_WAITING),
      results: { admitted: 0, refused: 0, failed: 0 },
      failing: undefined,
    }));
    for (const door of ['sip', 'portal', 'dial', 'radius'] as const) {
      const asked = this.#all.filter(({ config }) => config.ask && config.doors.includes(door));
      if (asked.length > 0) this.#asked.set(door, asked);
    }
    this.#tellers = hooks
      .filter(({ config }) => config.tell)
      .map(({ config: { name, doors, timeout_seconds }, hook }) => {
        return { doors, name, teller: new Teller({ name, hook, timeoutMs: 1000 * timeout_seconds, clock, log }) };
      });
  }

  admit(ticket: Ticket, session: SessionName): Answer<Admission> {
    const asked = this.#asked.get(ticket.door);
    if (asked === undefined) return ADMITTED;
    const name = session.session;
    const before = this.#admitted.get(name);
    if (before && before.user === ticket.account.login && this.#clock.monotonic() < before.until)
      return before.admission;
    return this.#askAll(asked, ticket, name);
  }

  tell(event: SessionEvent): void {
    if (event.event === 'ended') this.#admitted.delete(event.session);
    for (const { doors, teller } of this.#tellers) if (doors.includes(event.door)) teller.push(event);
  }

  health(): HealthItem[] {
    return this.#all.flatMap(({ config: { name }, failing }) =>
      failing
        ? [{ code: 'HOOK_FAILED', severity: 'error', text: `the hook ${name}: ${failing.text}`, since: failing.since }]
        : [],
    );
  }

  /** Tells what waits, for so long at most. */
  async close(withinMs: number): Promise<void> {
    await Promise.all(this.#tellers.map(({ teller }) => teller.close(withinMs)));
    for (const { hook } of this.#all) hook.close();
  }

  offerMetrics(metrics: Metrics): void {
    const asked = (): Sample[] =>
      this.#all.flatMap(({ config: { name }, results }) =>
        Object.entries(results).map(([result, value]) => ({ labels: { hook: name, result }, value })),
      );
    const ofTellers = (read: (teller: Teller) => number) => () =>
      this.#tellers.map(({ name, teller }) => ({ labels: { hook: name }, value: read(teller) }));
    metrics.counter('gatehouse_hook_asked_total', 'Questions to hooks, by result.', asked, ['hook', 'result']);
    metrics.counter(
      'gatehouse_hook_told_total',
      'Notices that hooks took.',
      ofTellers((one) => one.told),
      ['hook'],
    );
    metrics.counter(
      'gatehouse_hook_lost_total',
      'Notices given up.',
      ofTellers((one) => one.lost),
      ['hook'],
    );
    metrics.gauge(
      'gatehouse_hook_waiting',
      'Notices that wait.',
      ofTellers((one) => one.waiting),
      ['hook'],
    );
  }

  async #askAll(asked: readonly Asked[], { door, account, client }: Ticket, name: string): Promise<Admission> {
    const user = account.login;
    const session = { door, user, client: client.address, session: name, started: this.#clock.now() };
    const answers = await Promise.all(asked.map((one) => this.#ask(one, session)));
    let terms = NO_TERMS;
    for (const [i, answer] of answers.entries()) {
      if (!answer.admitted) return { admitted: false, reason: reasonOf(asked[i]!.config.name, answer.reason) };
      terms = stricter(terms, answer.terms);
    }
    const admission = { admitted: true, terms } as const;
    this.#remember(name, user, admission, Math.min(...asked.map(({ config }) => config.again_seconds)));
    return admission;
  }

  async #ask(asked: Asked, session: HookedSession): Promise<HookAnswer> {
    const { config, hook, lanes, results } = asked;
    const deadline = this.#clock.monotonic() + 1000 * config.timeout_seconds;
    try {
      if (!lanes.hasRoom) throw failed('too many questions wait for it already');
      const answer = await lanes.run(() => {
        const left = deadline - this.#clock.monotonic();
        if (left <= 0) throw failed('its turn did not come in time');
        return hook.ask(session, left);
      });
      results[answer.admitted ? 'admitted' : 'refused']++;
      asked.failing = undefined;
      return answer;
    } catch (error) {
      results.failed++;
      const text = (error as Error).message;
      if (asked.failing === undefined) this.#log.warn('a hook failed', { hook: config.name, error: text });
      asked.failing ??= { since: this.#clock.now(), text };
      return config.on_failure === 'admit' ? ADMITTED_ANSWER : { admitted: false, reason: text };
    }
  }

  #remember(session: string, user: string, admission: Admission, seconds: number): void {
    if (seconds === 0) return;
    this.#admitted.delete(session);
    if (this.#admitted.size >= MOST_ADMITTED) {
      const [oldest] = this.#admitted.keys();
      this.#admitted.delete(oldest!);
    }
    this.#admitted.set(session, { user, until: this.#clock.monotonic() + 1000 * seconds, admission });
  }
}

const ADMITTED_ANSWER: HookAnswer = { admitted: true, terms: NO_TERMS };

function reasonOf(hook: string, reason: string): string {
  return reason === '' ? hook : `${hook}: ${reason}`;
}
