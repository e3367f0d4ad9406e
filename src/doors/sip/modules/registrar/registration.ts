/**
 * One REGISTER from its judgement to its answer: ordering against the bindings there, the gate's word, the journal, memory, reply.
 *
 * It holds the turn of its AOR while it waits, so that it is judged by what memory holds when its turn comes and memory changes in
 * the order of the commits. Where nothing needs waiting for, all of it happens within `start`.
 * Source: RFC 3261 section 10.3 steps 6 to 8.
 */
import type { Admission, SessionName } from '../../../../core/gate/types.ts';
import type { Change, Waiter } from '../../../../core/journal/types.ts';
import { describeError, type GatehouseError } from '../../../../platform/errors.ts';
import type { Run } from '../../run.ts';
import { WAIT } from '../../script/types.ts';
import { type Binding, REMOVE } from '../usrloc/binding.ts';
import type { LocationTable } from '../usrloc/table.ts';
import type { Turn } from '../usrloc/turns.ts';
import { replyHeaders } from './contact-list.ts';
import type { RegistrarContext } from './context.ts';
import type { Refusal } from './refusals.ts';
import * as refusals from './refusals.ts';
import type { RegisterRequest } from './register-request.ts';

/** save's flags. */
export const MEMORY_ONLY = 1;
export const NO_REPLY = 2;

export class Registration implements Turn, Waiter, SessionName {
  readonly aor: string;
  nextTurn: Turn | undefined;
  readonly #run: Run;
  readonly #table: LocationTable;
  readonly #context: RegistrarContext;
  readonly #request: RegisterRequest;
  readonly #flags: number;
  /** To store, and at the same place the binding it refreshes. */
  readonly #stored: Binding[] = [];
  readonly #replaced: (Binding | undefined)[] = [];
  readonly #dropped: Binding[] = [];
  /** To remove, although memory does not know them: their rows may be there. */
  #doubtful: readonly Binding[] = [];

  /** Contacts of the address of record with those that are new; 0: none is. */
  inAll = 0;

  constructor(run: Run, table: LocationTable, context: RegistrarContext, request: RegisterRequest, flags: number) {
    this.aor = request.aor;
    this.#run = run;
    this.#table = table;
    this.#context = context;
    this.#request = request;
    this.#flags = flags;
  }

  /** Result of save(), or WAIT. */
  start(): number {
    const { turns } = this.#table;
    if (turns.isTaken(this.aor)) {
      return turns.queue(this) ? this.#run.suspend() : refusals.refuse(this.#run, refusals.BUSY);
    }
    const result = this.#enterTurn();
    if (result !== WAIT) return result;
    turns.hold(this);
    return this.#run.suspend();
  }

  begin(): void {
    const result = this.#enterTurn();
    if (result !== WAIT) this.#finish(result);
  }

  /** What others wrote meanwhile counts: the rows are read first where they decide. */
  #enterTurn(): number {
    if (!this.#table.settings.readThrough) return this.#advance();
    this.#table.refresh(this.aor).then(
      () => {
        const result = this.#advance();
        if (result !== WAIT) this.#finish(result);
      },
      (error: GatehouseError) => this.#finish(this.#notStored(error.code)),
    );
    return WAIT;
  }

  settled(error: GatehouseError | undefined): void {
    if (error?.code === 'STORAGE_UNAVAILABLE') this.#doubt();
    this.#finish(error ? this.#notStored(error.code) : this.#apply());
  }

  /** The database was lost: what is new may have been written just before. */
  #doubt(): void {
    for (let i = 0; i < this.#stored.length; i++) {
      if (this.#replaced[i] === undefined) this.#table.doubts.add(this.#stored[i]!);
    }
  }

  #finish(result: number): void {
    this.#table.turns.finish(this);
    this.#run.resume(result);
  }

  #advance(): number {
    const refusal = this.#judge();
    if (refusal) return refusals.refuse(this.#run, refusal);
    const authorised = this.#run.authorised;
    if (authorised && this.#stored.length > 0) {
      const answer = this.#table.services.gate.admit(authorised.ticket, this);
      if (answer instanceof Promise) {
        answer.then(
          (admission) => this.#admitted(admission),
          (error) => this.#notAsked(error),
        );
        return WAIT;
      }
      return this.#enter(answer);
    }
    return this.#write();
  }

  /** The session that the first contact to be stored will be. */
  get session(): string {
    return this.#table.sessionOf(this.aor, this.#stored[0] ?? { contact: '', callId: '' });
  }

  /** Sorts the wishes into what is stored and what is dropped. */
  #judge(): Refusal | undefined {
    const table = this.#table;
    const now = table.seconds();
    if (this.#request.all) return this.#judgeAll(now);
    let count = 0;
    let added = false;
    for (let at = table.first(this.aor); at; at = at.next) if (at.validAt(now)) count++;
    for (const candidate of this.#request.contacts) {
      let known = table.find(this.aor, candidate);
      if (known && !known.validAt(now)) {
        this.#dropped.push(known); // its session is over, although the sweep has not met it yet
        known = undefined;
      }
      const order = known ? this.#order(known, now) : 1;
      if (order < 0) return refusals.OLD_CSEQ;
      if (order === 0) continue;
      if (candidate.expires !== REMOVE) {
        this.#stored.push(candidate);
        this.#replaced.push(known);
        if (known === undefined) count++;
        added ||= known === undefined;
      } else if (known) {
        this.#dropped.push(known);
        count--;
      }
    }
    this.#doubtful = table.doubts.of(this.aor).filter((binding) => this.#removes(binding));
    const { maxContacts, retryAfter } = this.#context.options;
    if (added) this.inAll = count;
    return added && count > maxContacts ? refusals.tooManyContacts(retryAfter) : undefined;
  }

  #removes({ contact, callId }: Binding): boolean {
    if (this.#table.byCallId && callId !== this.#request.callId) return false;
    return this.#request.contacts.some((wish) => wish.expires === REMOVE && wish.contact === contact);
  }

  #judgeAll(now: number): Refusal | undefined {
    this.#doubtful = this.#table.doubts.of(this.aor);
    for (let at = this.#table.first(this.aor); at; at = at.next) {
      const order = at.validAt(now) ? this.#order(at, now) : 1;
      if (order < 0) return refusals.OLD_CSEQ;
      if (order > 0) this.#dropped.push(at);
    }
    return undefined;
  }

  /** 1: newer than the binding; 0: a repetition of the request that made it; -1: older. */
  #order(known: Binding, now: number): number {
    const { callId, cseq } = this.#request;
    if (known.callId !== callId || cseq > known.cseq) return 1;
    return cseq === known.cseq && now - known.modified <= this.#context.cseqDelay ? 0 : -1;
  }

  #admitted(answer: Admission): void {
    const result = this.#enter(answer);
    if (result !== WAIT) this.#finish(result);
  }

  #notAsked(error: unknown): void {
    this.#table.services.log.warn('the gate could not say whether a contact may be stored', {
      error: describeError(error),
    });
    this.#finish(this.#notStored('STORAGE_UNAVAILABLE'));
  }

  #enter(answer: Admission): number {
    if (!answer.admitted)
      return refusals.refuse(this.#run, answer.full ? refusals.MANY_SESSIONS : refusals.NOT_ADMITTED);
    const { seconds } = answer.terms;
    if (seconds !== undefined) {
      const last = this.#table.seconds() + seconds;
      for (const candidate of this.#stored) candidate.expires = Math.min(candidate.expires, last);
    }
    return this.#write();
  }

  /** Hands the change to the journal; memory alone needs no waiting. */
  #write(): number {
    const table = this.#table;
    const { durable, readThrough } = table.settings;
    const rows = durable && (readThrough || (this.#flags & MEMORY_ONLY) === 0);
    const unit: Change[] = [];
    const now = table.seconds();
    for (const binding of this.#dropped) {
      table.dropping(unit, binding, binding.validAt(now) ? 'logout' : 'expired', rows);
    }
    if (rows) for (const binding of this.#doubtful) table.deleting(unit, binding);
    for (let i = 0; i < this.#stored.length; i++) table.storing(unit, this.#stored[i]!, this.#replaced[i], rows);
    if (unit.length === 0) return this.#apply();
    if (rows) {
      table.services.journal.append(unit, this);
      return WAIT;
    }
    table.services.journal.append(unit);
    return this.#apply();
  }

  #apply(): number {
    const table = this.#table;
    const { connection } = this.#run.source;
    for (const binding of this.#dropped) table.drop(binding);
    for (const binding of this.#doubtful) table.doubts.settle(this.aor, binding);
    for (let i = 0; i < this.#stored.length; i++) {
      const candidate = this.#stored[i]!;
      const replaced = this.#replaced[i];
      table.store(candidate, replaced);
      if (connection) this.#context.transport.names.claim(candidate.contact, connection, candidate.user);
      if (replaced) table.services.gate.refreshed('sip', candidate.user);
    }
    if ((this.#flags & NO_REPLY) !== 0) return 1;
    return this.#run.reply(200, 'OK', replyHeaders(this.#run, table.first(this.aor), table.seconds(), this.#context))
      ? 1
      : -1;
  }

  #notStored(code: string): number {
    return refusals.refuse(this.#run, refusals.notStored(code, this.#context.options.retryAfter));
  }
}
