/**
 * Challenges under way: which code was sent for whom, at which door, until when. They are few and short-lived, so all of them are in
 * memory; their rows (table gh_challenge) carry them over a restart, with an HMAC over the whole, so that a row somebody else
 * wrote or changed counts for nothing.
 *
 * Several tokens of one challenge have sub-transactions `N.01`, `N.02`; N means all of them. One that was answered or withdrawn loses its
 * row at once and is remembered until it would have expired. Times in milliseconds since the epoch.
 */
import { createHmac, createSecretKey, type KeyObject, randomInt, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { auditChange } from '../audit/events.ts';
import { dropOwn, type OwnRows, type OwnTable, putOwn } from '../journal/own-table.ts';
import type { Change, Journal } from '../journal/types.ts';
import type { Keyring } from '../secrets/keyring.ts';

const TABLE: OwnTable = { name: 'gh_challenge', columns: ['transaction_id', 'payload', 'mac'] };
/** Beyond it no challenge is made. */
const MAX_CHALLENGES = 100_000;
/** Of one token; then the oldest goes. */
const MAX_OF_TOKEN = 10;
/** Wrong answers to one, until it is closed. */
const MAX_TRIES = 10;

export interface Challenge {
  /** `N` or `N.01`. */
  readonly transaction: string;
  readonly serial: string;
  /** Where it was made, and where alone it may be answered; the place only where the door says so. */
  readonly door: string;
  readonly place: string;
  readonly message: string;
  readonly created: number;
  readonly expires: number;
  /** Answers that came, all but perhaps the last one wrong. */
  readonly tries: number;
  readonly answered: boolean;
  readonly open: boolean;
}

export type NewChallenge = Pick<Challenge, 'transaction' | 'serial' | 'door' | 'place' | 'message' | 'expires'>;

export interface ChallengesParts {
  readonly store: OwnRows;
  readonly journal: Journal;
  readonly keyring: Pick<Keyring, 'derive'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Challenges {
  readonly #parts: ChallengesParts;
  readonly #key: KeyObject;
  readonly #all = new Map<string, Challenge>();
  /** Transactions by token, the oldest first. */
  readonly #ofToken = new Map<string, string[]>();
  /** Sub-transactions by what they have in common. */
  readonly #ofGroup = new Map<string, string[]>();

  constructor(parts: ChallengesParts) {
    this.#parts = parts;
    this.#key = createSecretKey(parts.keyring.derive('challenge'));
  }

  /** Takes up what was under way when the server ended. */
  async load(): Promise<void> {
    const { store, journal, clock, log } = this.#parts;
    const now = clock.now();
    const useless: Change[] = [];
    for (const row of await store.read(TABLE, {})) {
      const [transaction, payload, mac] = row as [string, string, string];
      const challenge = this.#read(transaction, payload, mac);
      if (challenge && challenge.expires > now) {
        this.#keep(challenge);
        continue;
      }
      useless.push(dropOwn(TABLE, transaction));
      if (challenge) continue;
      log.error('a challenge was changed by somebody else in the database, and counts for nothing', { transaction });
      useless.push(auditChange(now, 'refused', { reason: 'tampered-challenge', transaction }));
    }
    if (useless.length > 0) journal.append(useless);
  }

  /** Digits that no challenge has. */
  freshTransaction(digits: number): string {
    for (;;) {
      let transaction = String(randomInt(1, 10));
      while (transaction.length < digits) transaction += String(randomInt(0, 10));
      if (!this.#all.has(transaction) && !this.#ofGroup.has(transaction)) return transaction;
    }
  }

  get isFull(): boolean {
    return this.#all.size >= MAX_CHALLENGES;
  }

  /** In memory at once; gives what to append to the journal. */
  open(fresh: NewChallenge): Change[] {
    const challenge = { ...fresh, created: this.#parts.clock.now(), tries: 0, answered: false, open: true };
    this.#keep(challenge);
    const others = this.#ofToken.get(fresh.serial)!;
    const oldest = others.length > MAX_OF_TOKEN ? [this.#remove(others[0]!)] : [];
    return [...oldest, this.#put(challenge)];
  }

  /** Those of a transaction or of its sub-transactions that have not expired, open or not. */
  of(transaction: string): Challenge[] {
    const now = this.#parts.clock.now();
    return (this.#ofGroup.get(transaction) ?? [transaction])
      .map((one) => this.#all.get(one))
      .filter((one) => one !== undefined && one.expires > now) as Challenge[];
  }

  /** The last open one of a token. */
  latest(serial: string): Challenge | undefined {
    const now = this.#parts.clock.now();
    const all = (this.#ofToken.get(serial) ?? []).map((transaction) => this.#all.get(transaction)!);
    return all.findLast(({ open, expires }) => open && expires > now);
  }

  /** A wrong answer came. */
  tried(challenge: Challenge): Change {
    const tries = challenge.tries + 1;
    return this.#change({ ...challenge, tries, open: tries < MAX_TRIES });
  }

  /** The right answer came: this one is answered, and all of its token and of its group are closed. */
  answered(challenge: Challenge): Change[] {
    const first = this.#change({ ...challenge, tries: challenge.tries + 1, answered: true, open: false });
    const group = this.#ofGroup.get(groupOf(challenge.transaction)) ?? [];
    return [first, ...this.#closeAll(group), ...this.closeOf(challenge.serial)];
  }

  /** All open ones of a token. */
  closeOf(serial: string): Change[] {
    return this.#closeAll(this.#ofToken.get(serial) ?? []);
  }

  close(challenge: Challenge): Change[] {
    return this.#closeAll([challenge.transaction]);
  }

  /** Lets go of what has expired; to be called now and then. */
  sweep(): void {
    const now = this.#parts.clock.now();
    const changes: Change[] = [];
    for (const { transaction, expires, open } of this.#all.values()) {
      if (expires > now) continue;
      const change = this.#remove(transaction);
      if (open) changes.push(change);
    }
    if (changes.length > 0) this.#parts.journal.append(changes);
  }

  get size(): number {
    return this.#all.size;
  }

  #closeAll(transactions: readonly string[]): Change[] {
    return transactions.flatMap((transaction) => {
      const challenge = this.#all.get(transaction);
      return challenge?.open ? [this.#change({ ...challenge, open: false })] : [];
    });
  }

  #change(challenge: Challenge): Change {
    this.#all.set(challenge.transaction, challenge);
    return challenge.open ? this.#put(challenge) : dropOwn(TABLE, challenge.transaction);
  }

  #put(challenge: Challenge): Change {
    const { transaction, ...rest } = challenge;
    const payload = JSON.stringify(rest);
    return putOwn(TABLE, [transaction, payload, this.#mac(transaction, payload).toString('base64url')]);
  }

  #keep(challenge: Challenge): void {
    const { transaction, serial } = challenge;
    this.#all.set(transaction, challenge);
    add(this.#ofToken, serial, transaction);
    if (groupOf(transaction) !== transaction) add(this.#ofGroup, groupOf(transaction), transaction);
  }

  #remove(transaction: string): Change {
    const challenge = this.#all.get(transaction);
    this.#all.delete(transaction);
    if (challenge) take(this.#ofToken, challenge.serial, transaction);
    take(this.#ofGroup, groupOf(transaction), transaction);
    return dropOwn(TABLE, transaction);
  }

  #read(transaction: string, payload: string, mac: string): Challenge | undefined {
    const own = this.#mac(transaction, payload);
    const given = Buffer.from(mac, 'base64url');
    if (own.length !== given.length || !timingSafeEqual(own, given)) return undefined;
    return { ...(JSON.parse(payload) as Omit<Challenge, 'transaction'>), transaction };
  }

  #mac(transaction: string, payload: string): Buffer {
    return createHmac('sha256', this.#key).update(`${transaction}\n${payload}`).digest();
  }
}

/** `N` of `N` and of `N.01`. */
export function groupOf(transaction: string): string {
  const dot = transaction.indexOf('.');
  return dot < 0 ? transaction : transaction.slice(0, dot);
}

function add(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function take(lists: Map<string, string[]>, key: string, value: string): void {
  const rest = lists.get(key)?.filter((one) => one !== value) ?? [];
  if (rest.length > 0) lists.set(key, rest);
  else lists.delete(key);
}
