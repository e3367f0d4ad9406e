/**
 * Refusals on their way into the audit trail: one line each, but at most `perSecond`. What is more is counted and written as
 * one line, so that a flood can neither fill the disk nor hide that it happened.
 */
import type { Clock } from '../../platform/clock.ts';
import { auditChange } from '../audit/events.ts';
import type { Journal } from '../journal/types.ts';
import type { Knock, RefusalReason } from './types.ts';

export class RefusalLog {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #perSecond: number;
  #second = 0;
  #written = 0;
  #unwritten = 0;

  constructor(journal: Journal, clock: Clock, perSecond: number) {
    this.#journal = journal;
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** `login`: the user where known; `rule`: which rule said no. */
  write(knock: Knock, reason: RefusalReason, login: string | undefined, rule: string | undefined): void {
    const second = Math.floor(this.#clock.monotonic() / 1000);
    if (second !== this.#second) {
      this.flush();
      this.#second = second;
      this.#written = 0;
    }
    if (this.#written >= this.#perSecond) {
      this.#unwritten++;
      return;
    }
    this.#written++;
    const { door, client, time } = knock;
    const user = login ?? (knock.domain === '' ? knock.user : `${knock.user}@${knock.domain}`);
    const port = client.port === 0 ? undefined : client.port;
    this.#journal.append([auditChange(time, 'refused', { door, user, client: client.address, port, reason, rule })]);
  }

  /** Writes how many were left out, if any. */
  flush(): void {
    if (this.#unwritten === 0) return;
    this.#journal.append([auditChange(this.#clock.now(), 'refused-many', { count: this.#unwritten })]);
    this.#unwritten = 0;
  }
}
