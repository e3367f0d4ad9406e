/**
 * Limits on wrong credentials, over all doors together (docs/decisions/0009-limits.md).
 *
 * Wrong proofs count per user and place. A place where the user got in before counts for itself; all other places share one
 * count per user. So a stranger uses up the strangers' tries and never the user's own: nobody can lock somebody else out from
 * elsewhere. A name that nobody has counts as a user under its `nameKey`, so that limits do not tell who exists.
 *
 * Each wrong proof counts against the sender (address and port) too: that slows who tries one
 * password on many names. Whoever gets in clears it, since a proxy may send for many.
 *
 * A count fades by one every `recoverMs`. At `attempts` the caller is over the limit: nothing is checked, and
 * `delayed-answers.ts` says what is answered. Times in milliseconds.
 */
import type { Clock } from '../../platform/clock.ts';
import type { TimerWheel } from '../../platform/timer-wheel.ts';
import type { Answer, Client, Refused } from '../gate/types.ts';
import type { Bucket } from './bucket.ts';
import { BucketTable } from './bucket.ts';
import { DelayedAnswers } from './delayed-answers.ts';
import { keyedHash } from './keyed-hash.ts';
import { KnownPlaces } from './known-places.ts';

export interface LimitsOptions {
  /** Wrong tries per user and place until the limit. */
  readonly attempts: number;
  /** Wrong tries, whoever's, per sender until the limit. */
  readonly senderAttempts: number;
  /** After this time one wrong try is forgiven. */
  readonly recoverMs: number;
  /** Over the limit, one answer in this time. */
  readonly delayMs: number;
  /** Delayed answers under way at most. */
  readonly maxDelayed: number;
  /** Users, places and senders with failures that are kept at most, each. */
  readonly maxCounts: number;
}

export const DEFAULT_LIMITS: LimitsOptions = {
  attempts: 5,
  senderAttempts: 20,
  recoverMs: 30_000,
  delayMs: 3_000,
  maxDelayed: 1_000,
  maxCounts: 100_000,
};

export class Limits {
  readonly #clock: Clock;
  readonly #options: LimitsOptions;
  /** By sender's hash. */
  readonly #senders: BucketTable<number>;
  /** Of all places where the user never got in, by user. */
  readonly #strangers: BucketTable<string>;
  /** Of one known place, by user and place. */
  readonly #familiar: BucketTable<string>;
  readonly #known: KnownPlaces;
  readonly #delayed: DelayedAnswers;

  constructor(
    wheel: TimerWheel,
    clock: Clock,
    options: Partial<LimitsOptions> = {},
    known: KnownPlaces = new KnownPlaces(),
  ) {
    this.#clock = clock;
    this.#options = { ...DEFAULT_LIMITS, ...options };
    const { maxCounts, recoverMs, delayMs, maxDelayed } = this.#options;
    this.#senders = new BucketTable(maxCounts, recoverMs);
    this.#strangers = new BucketTable(maxCounts, recoverMs);
    this.#familiar = new BucketTable(maxCounts, recoverMs);
    this.#known = known;
    this.#delayed = new DelayedAnswers(wheel, delayMs, maxDelayed);
  }

  /** What to answer a sender who is over the limit; undefined: go on. */
  holdSender(client: Client): Answer<Refused> | undefined {
    if (this.#senders.size === 0) return undefined;
    return this.#hold(this.#senders.get(senderHash(client)), this.#options.senderAttempts);
  }

  /** What to answer when this user has no tries left from this place; undefined: go on. */
  holdUser(user: string, client: Client): Answer<Refused> | undefined {
    if (this.#strangers.size === 0 && this.#familiar.size === 0) return undefined;
    const place = this.#known.hashOf(client.address);
    const bucket = this.#known.has(user, place)
      ? this.#familiar.get(familiarKey(user, place))
      : this.#strangers.get(user);
    return this.#hold(bucket, this.#options.attempts);
  }

  /** A proof was wrong. `undo` takes it back: the proof was right after all. */
  failed(user: string, client: Client, undo = false): void {
    const now = this.#clock.monotonic();
    const place = this.#known.hashOf(client.address);
    const bucket = this.#known.has(user, place)
      ? this.#familiar.obtain(familiarKey(user, place), now)
      : this.#strangers.obtain(user, now);
    this.#add(bucket, undo ? -1 : 1, this.#options.attempts, now);
    this.#add(this.#senders.obtain(senderHash(client), now), undo ? -1 : 1, this.#options.senderAttempts, now);
  }

  /**
   * The user got in here: the place is known from now on, its own wrong tries and those of the sender are forgotten. No
   * stranger's are.
   */
  succeeded(user: string, client: Client): void {
    const place = this.#known.hashOf(client.address);
    if (this.#senders.size > 0) this.#senders.delete(senderHash(client));
    if (this.#familiar.size > 0) this.#familiar.delete(familiarKey(user, place));
    this.#known.add(user, place);
  }

  #add(bucket: Bucket, amount: number, attempts: number, now: number): void {
    bucket.add(amount, now, this.#options.recoverMs, attempts);
  }

  #hold(bucket: Bucket | undefined, attempts: number): Answer<Refused> | undefined {
    if (bucket === undefined) return undefined;
    // One try is free again as soon as a whole one has faded.
    const level = bucket.level(this.#clock.monotonic(), this.#options.recoverMs);
    return level > attempts - 1 ? this.#delayed.answer(bucket) : undefined;
  }
}

/** What the wrong tries for a name that nobody has count under; hashed, since whoever sends it chooses its length. */
export function nameKey(name: string, domain: string): string {
  return `?${keyedHash(domain.toLowerCase(), keyedHash(name)).toString(36)}`;
}

function senderHash(client: Client): number {
  return keyedHash(client.address) ^ Math.imul(client.port + 1, 0x9e3779b1);
}

function familiarKey(user: string, place: number): string {
  return `${user}\n${place}`;
}
