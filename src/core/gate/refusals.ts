/** How somebody is refused: counted, told to the audit trail, and the verdict that says so. */
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Answer } from '../answer.ts';
import type { Journal } from '../journal/types.ts';
import { SILENT, SLOWED } from '../limits/delayed-answers.ts';
import type { Policy } from '../policy/policy.ts';
import type { LockedNames } from '../users/locked-names.ts';
import type { Account } from '../users/types.ts';
import { RefusalLog } from './refusal-log.ts';
import type { GateStats } from './stats.ts';
import type { Knock, RefusalReason, Refused, Ticket } from './types.ts';

const REFUSED = {
  'unknown-user': refusal('unknown-user'),
  'wrong-proof': refusal('wrong-proof'),
  replayed: refusal('replayed'),
  locked: refusal('locked'),
  policy: refusal('policy'),
  'new-place': refusal('new-place'),
  slowed: SLOWED,
  unavailable: refusal('unavailable'),
  'not-sent': refusal('not-sent'),
  'not-admitted': refusal('not-admitted'),
} as const satisfies Record<RefusalReason, Refused>;

/** A source that is away is away for every knock; once in this time is enough to say so. */
const WARN_EVERY_MS = 10_000;

export interface RefusalsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly policy: Policy;
  /** Absent: only accounts know whether they are locked. */
  readonly locks?: Pick<LockedNames, 'holds'>;
  /** Written to the audit trail at most, per second; the rest is counted. */
  readonly refusalsPerSecond?: number;
}

export class Refusals {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #policy: Policy;
  readonly #stats: GateStats;
  readonly #trail: RefusalLog;
  readonly #locks: RefusalsParts['locks'];
  #warned = Number.NEGATIVE_INFINITY;

  constructor({ clock, log, journal, policy, locks, refusalsPerSecond = 500 }: RefusalsParts, stats: GateStats) {
    this.#locks = locks;
    this.#clock = clock;
    this.#log = log;
    this.#policy = policy;
    this.#stats = stats;
    this.#trail = new RefusalLog(journal, clock, refusalsPerSecond);
  }

  refuse(knock: Knock, reason: RefusalReason, account?: Account, rule?: string): Refused {
    this.#stats.refused[reason]++;
    this.#trail.write(knock, reason, account?.login, rule);
    return REFUSED[reason];
  }

  slow(knock: Knock, held: Answer<Refused>, account: Account | undefined): Answer<Refused> {
    this.#stats.refused.slowed++;
    if (held === SILENT) this.#stats.silent++;
    else this.#trail.write(knock, 'slowed', account?.login, undefined);
    return held;
  }

  unavailable(knock: Knock, error: unknown): Refused {
    const now = this.#clock.monotonic();
    if (now - this.#warned >= WARN_EVERY_MS) {
      this.#warned = now;
      this.#log.warn('a user source cannot be asked', { door: knock.door, error: describeError(error) });
    }
    return this.refuse(knock, 'unavailable');
  }

  /** Somebody who was proven may be kept out, and may know why. */
  keepsOut(knock: Knock, ticket: Ticket): Refused | undefined {
    const { account } = ticket;
    if (account.locked || this.#locks?.holds(account)) return this.refuse(knock, 'locked', account);
    const decision = this.#policy.decide(ticket);
    return decision.allowed ? undefined : this.refuse(knock, 'policy', account, decision.rule);
  }

  /** Writes what was only counted so far. */
  flush(): void {
    this.#trail.flush();
  }
}

function refusal(reason: RefusalReason): Refused {
  return { verdict: 'refused', reason, silent: false };
}
