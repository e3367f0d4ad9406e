/**
 * Calls that ask a user for a key, as the second step of a login: whom they ring, how often, and what came of each. The user's own telephones or his
 * own number are rung, never one that the request names. Key 1 admits whoever waits, and makes his place known as a code would; key 9 refuses him and
 * locks the user, until an administrator has spoken with him; all else refuses.
 *
 * What came of a call is in memory, and told once: a call does not outlive the server. Times in milliseconds since the epoch.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { auditChange } from '../audit/events.ts';
import type { CodePlaces } from '../gate/code-places.ts';
import type { Ticket } from '../gate/types.ts';
import type { Journal } from '../journal/types.ts';
import { placeOf } from '../limits/place.ts';
import type { ChallengeDesk, ChallengeStatus } from '../tokens/types.ts';
import type { UserNumbers } from '../users/numbers.ts';
import type { Account } from '../users/types.ts';
import { CallLimits, type CallRules } from './call-limits.ts';
import type { Callable, KeyAnswer, KeyCaller } from './types.ts';

export interface KeyCallRules extends CallRules {
  /** Which registered telephones are rung: where the user gave a code before, all, or none. */
  readonly telephones: 'proven' | 'any' | 'none';
}

export interface KeyCallsParts {
  /** Undefined: nobody can be called now. */
  readonly caller: () => KeyCaller | undefined;
  readonly rules: () => KeyCallRules;
  readonly numbers: Pick<UserNumbers, 'list'>;
  readonly codePlaces: Pick<CodePlaces, 'provenAt' | 'proven'>;
  /** Refused from now on at every door, and out. Errors: those of the user's source. */
  readonly lock: (login: string) => Promise<unknown>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
}

/** A call that was made for somebody who waits at a door. */
export interface KeyCallState {
  readonly transaction: string;
  readonly owner: string;
  readonly door: string;
  readonly place: string;
  /** Undefined: it is not over. */
  answer: KeyAnswer | undefined;
  /** Resolves when it is. */
  readonly over: Promise<void>;
  /** When it is forgotten; set when it is over. */
  expires: number;
}

/** Whom a call rings, and whom where nobody of them answers. */
interface Whom {
  readonly first: readonly Callable[];
  readonly instead: readonly Callable[];
}

const DIGITS = 17;
/** To ask what came of a call. */
const KEPT_MS = 120_000;
const MOST_KEPT = 1_000;

export class KeyCalls implements ChallengeDesk {
  readonly #parts: KeyCallsParts;
  readonly #limits: CallLimits;
  readonly #states = new Map<string, KeyCallState>();
  readonly #stop = new AbortController();

  constructor(parts: KeyCallsParts) {
    this.#parts = parts;
    this.#limits = new CallLimits(parts.rules);
  }

  /** Undefined: he is not called, and the audit trail says why. Whoever asks again while he is being called is told of the same call. */
  start(ticket: Ticket): KeyCallState | undefined {
    const { account, door, client } = ticket;
    const place = placeOf(client.address);
    this.#sweep();
    for (const state of this.#states.values())
      if (isSame(state, account, door, place) && state.answer === undefined) return state;
    const whom = this.#whom(ticket);
    const all = [...whom.first, ...whom.instead];
    const keys = [account.id, ...all.map(keyOf)];
    const why =
      all.length === 0 || this.#states.size >= MOST_KEPT || this.#stop.signal.aborted
        ? 'nothing-to-call'
        : this.#limits.begin(keys, this.#parts.clock.monotonic());
    if (why !== undefined) {
      this.#write('refused', ticket, { reason: why });
      return undefined;
    }
    const done = Promise.withResolvers<void>();
    const state: KeyCallState = {
      ...{ transaction: freshTransaction(), owner: account.id, door, place, answer: undefined, over: done.promise },
      expires: Number.POSITIVE_INFINITY,
    };
    this.#states.set(state.transaction, state);
    this.#write('challenge', ticket, {
      via: 'callback',
      number: all.map(shown).join(' '),
      transaction: state.transaction,
    });
    void this.#call(ticket, whom, state).finally(() => {
      this.#limits.ended(keys);
      done.resolve();
    });
    return state;
  }

  /** The call of this transaction, if it is this user's and was made for this door and place. */
  find(transaction: string, account: Account, door: string, address: string): KeyCallState | undefined {
    const state = this.#states.get(transaction);
    if (state === undefined || !isSame(state, account, door, placeOf(address))) return undefined;
    return state.expires > this.#parts.clock.now() ? state : undefined;
  }

  /** For LinOTP's check_status: a key is a code that came. */
  status(transaction: string): ChallengeStatus[] {
    const state = this.#states.get(transaction);
    if (state === undefined) return [];
    const { answer } = state;
    const receivedTan = answer !== undefined;
    return [
      {
        ...{ transaction, serial: '', type: 'callback', message: '', receivedCount: receivedTan ? 1 : 0, receivedTan },
        ...{ validTan: answer === 'admitted', open: !receivedTan },
      },
    ];
  }

  /** What came of it is told now; false: it was told before. */
  forget({ transaction }: KeyCallState): boolean {
    return this.#states.delete(transaction);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #call(ticket: Ticket, { first, instead }: Whom, state: KeyCallState): Promise<void> {
    const { caller, clock, codePlaces, log } = this.#parts;
    const { account, client } = ticket;
    let answer: KeyAnswer = 'failed';
    try {
      answer = (await caller()?.ask(first, this.#stop.signal, instead)) ?? 'failed';
      if (answer === 'refused') await this.#lock(account);
    } catch (error) {
      log.error('a call back failed', { user: account.login, error: describeError(error) });
    }
    if (answer === 'admitted') codePlaces.proven(account.id, client.address, clock.now());
    state.answer = answer;
    state.expires = clock.now() + KEPT_MS;
    this.#write('called-back', ticket, { number: [...first, ...instead].map(shown).join(' '), result: answer });
  }

  /** The database may be away, or the name one that no administrator could write. */
  async #lock({ login }: Account): Promise<void> {
    try {
      await this.#parts.lock(login);
    } catch (error) {
      this.#parts.log.error('a user who refused somebody by telephone could not be locked', {
        user: login,
        error: describeError(error),
      });
    }
  }

  /** His telephones that count, and his first number, the first of his aliases, where none of them answers. Never the telephone that wants to be let in. */
  #whom({ account, door, client }: Ticket): Whom {
    const { caller, numbers, rules, codePlaces } = this.#parts;
    const desk = caller();
    if (desk === undefined) return { first: [], instead: [] };
    const which = rules().telephones;
    const place = placeOf(client.address);
    const telephones = which === 'none' ? [] : desk.telephones(account);
    const counting = telephones.filter(({ client: at }) => {
      if (door === 'sip' && (at === '' || placeOf(at) === place)) return false;
      return which === 'any' || (at !== '' && codePlaces.provenAt(account.id, at) !== undefined);
    });
    const own = desk.callsNumbers ? numbers.list(account.id).slice(0, 1) : [];
    const number = own.map((one) => ({ number: one.number }));
    if (counting.length === 0) return { first: number, instead: [] };
    return { first: counting.map((telephone) => ({ telephone })), instead: number };
  }

  #write(event: 'refused' | 'challenge' | 'called-back', ticket: Ticket, more: Record<string, string>): void {
    const { door, account, client } = ticket;
    const fields = { door, user: account.login, client: client.address, ...more };
    this.#parts.journal.append([auditChange(this.#parts.clock.now(), event, fields)]);
  }

  #sweep(): void {
    const now = this.#parts.clock.now();
    for (const [transaction, { expires }] of this.#states) if (expires <= now) this.#states.delete(transaction);
  }
}

function isSame(state: KeyCallState, account: Account, door: string, place: string): boolean {
  return state.owner === account.id && state.door === door && state.place === place;
}

/** Telephones of a user count with him. */
function keyOf(one: Callable): string {
  return 'number' in one ? `number ${one.number}` : `telephone ${one.telephone.contact}`;
}

function shown(one: Callable): string {
  return 'number' in one ? one.number : one.telephone.contact;
}

function freshTransaction(): string {
  let digits = String(randomInt(1, 10));
  while (digits.length < DIGITS) digits += String(randomInt(0, 10));
  return digits;
}
