/**
 * Who is in over the telephone, and what ends it. A session is written down before anything is given to its user, and again when it ends;
 * it lives no longer than its call, its terms, or an administrator's patience.
 */
import { randomBytes } from 'node:crypto';
import { auditChange } from '../../core/audit/events.ts';
import type { SessionChange, SessionInfo } from '../../core/doors/types.ts';
import type { EndReason, Gate, SessionStart, Ticket, Traffic } from '../../core/gate/types.ts';
import { commit } from '../../core/journal/commit.ts';
import type { Journal } from '../../core/journal/types.ts';
import { checkTerms, termsText } from '../../core/sessions/terms.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';

export interface SessionParts {
  readonly gate: Pick<Gate, 'admit' | 'opened' | 'ended'>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DialSession {
  readonly ticket: Ticket;
  readonly name: string;
  /** Aborted when it is over, whoever ended it. */
  readonly over: AbortSignal;
  /** The command that has the line, for who asks. */
  doing: string;
  readonly start: SessionStart;
  /** When it is over. */
  ended?: { readonly reason: EndReason; readonly time: number };
}

interface Open extends DialSession {
  /** Once it is known. */
  traffic?: Traffic;
  readonly line: string;
  expires: number;
  readonly end: AbortController;
  timer: NodeJS.Timeout;
}

/** What setTimeout can wait: a little under 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class DialSessions {
  readonly #parts: SessionParts;
  readonly #open = new Map<string, Open>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** `refused`: by a hook; `full`: he has as many sessions as he may have. Errors: those of the journal; then nobody is in. */
  async open(
    ticket: Ticket,
    line: string,
    mostSeconds: number,
    call: AbortSignal,
  ): Promise<DialSession | 'refused' | 'full'> {
    const { gate, journal, clock } = this.#parts;
    const name = `dial:${randomBytes(8).toString('hex')}`;
    const admission = await gate.admit(ticket, { session: name });
    if (!admission.admitted) return admission.full ? 'full' : 'refused';
    const seconds = Math.min(mostSeconds, admission.terms.seconds ?? mostSeconds);
    const time = clock.now();
    const { account, client } = ticket;
    const start: SessionStart = { door: 'dial', session: name, user: account.login, client: client.address, time };
    await commit(journal, gate.opened(start));
    const end = new AbortController();
    const timer = setTimeout(() => this.end(name, 'expired'), seconds * 1000);
    const expires = time + seconds * 1000;
    const session: Open = { ticket, name, over: end.signal, doing: '', start, line, expires, end, timer };
    this.#open.set(name, session);
    const hungUp = () => this.end(name, 'logout');
    if (call.aborted) hungUp();
    else call.addEventListener('abort', hungUp, { once: true, signal: end.signal });
    return session;
  }

  /** False: there is none of this name. */
  end(name: string, reason: EndReason): boolean {
    const session = this.#open.get(name);
    if (session === undefined) return false;
    this.#open.delete(name);
    clearTimeout(session.timer);
    const { gate, journal, clock } = this.#parts;
    session.ended = { reason, time: clock.now() };
    journal.append(gate.ended(session.start, reason, session.ended.time, session.traffic));
    session.end.abort();
    return true;
  }

  /** Another end, counted from now. False: there is none of this name. Errors: SESSION_TERMS, those of the journal; then nothing is changed. */
  async change(name: string, change: SessionChange): Promise<boolean> {
    const session = this.#open.get(name);
    if (session === undefined) return false;
    checkTerms(name, change, ['seconds']);
    const { clock, journal } = this.#parts;
    const { door, user, client } = session.start;
    const leftMs = Math.min(1000 * change.seconds!, LONGEST_TIMER);
    const fields = { door, user, session: name, client, by: change.by, terms: termsText(change) };
    await commit(journal, [auditChange(clock.now(), 'changed', fields)]);
    if (this.#open.get(name) !== session) return false;
    clearTimeout(session.timer);
    session.timer = setTimeout(() => this.end(name, 'expired'), leftMs);
    session.expires = clock.now() + leftMs;
    return true;
  }

  /** What went through. Of a session that was ended it is known afterwards: then it stands in the history alone. */
  counted(session: DialSession, traffic: Traffic): void {
    const open = this.#open.get(session.name);
    if (open !== undefined) open.traffic = traffic;
    else if (session.ended !== undefined) {
      const { gate, journal } = this.#parts;
      const unit = gate.ended(session.start, session.ended.reason, session.ended.time, traffic);
      journal.append(unit.filter(({ kind }) => kind === 'history'));
    }
  }

  endAll(reason: EndReason): void {
    for (const name of [...this.#open.keys()]) this.end(name, reason);
  }

  *list(): Generator<SessionInfo> {
    for (const { name: session, start, line, expires, doing } of this.#open.values()) {
      const { user, client, time: started } = start;
      yield { session, door: 'dial', user, client, started, expires, detail: { line, doing } };
    }
  }
}
