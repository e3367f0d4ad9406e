/**
 * Accounts that were read, in front of a source that is slow: answers at once what it may trust, gathers what it must read.
 *
 * A hit makes no garbage and costs one Map look-up. Misses are gathered for 5 ms or 500 names and read in one query. Names
 * that nobody has are remembered for 1 s at most. When the source cannot be asked or keeps us waiting, an account known from
 * before goes on being trusted, except where `fresh` was asked for. Full, the cache drops what was not used since its last round.
 *
 * Times in milliseconds (monotonic). Errors: what `read` rejects with; STORAGE_UNAVAILABLE when too many reads wait, or one
 * too long.
 */

import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { PassingMap } from '../../platform/passing-map.ts';
import type { Answer } from '../gate/types.ts';
import { keyedHash } from '../limits/keyed-hash.ts';
import type { Account } from './types.ts';

const GATHER_MS = 5;
const BATCH = 500;
const MAX_WAITING = 20_000;
/** Reads under way at once; what comes meanwhile is gathered. */
const READS = 2;
/** How long a read may take before a known account does without it, and before nobody waits for it any more. */
const KNOWN_MS = 500;
const LONGEST_MS = 2_000;
const LOOK_MS = 250;
const UNKNOWN_MS = 500; // two rounds of it are remembered
const MAX_UNKNOWN = 10_000;

/** A name to read; `known` is the account as it was, to be given back unless the row has changed. */
export interface Wanted<A = Account> {
  readonly name: string;
  readonly domain: string;
  readonly known: A | undefined;
}

export interface AccountCacheOptions<A = Account> {
  readonly clock: Clock;
  /** How long an account may be trusted; Infinity where nobody else changes it. */
  readonly trustMs: number;
  /** Accounts kept at most. */
  readonly capacity: number;
  /** One query for all: the answers in the order asked, null = nobody. */
  read(wanted: readonly Wanted<A>[]): Promise<readonly (A | null)[]>;
  /** How long a read may take before nobody waits for it any more; default 2 s. */
  readonly longestMs?: number;
  /** The error for those who need not wait any more; default STORAGE_UNAVAILABLE. */
  away?(why: string): Error;
}

interface Entry<A> {
  readonly name: string;
  readonly domain: string;
  account: A;
  readAt: number;
  used: boolean;
  /** The round of counting in which it was asked for last. */
  round: number;
  /** The same name in another domain. */
  next: Entry<A> | undefined;
}

interface Load<A> extends Wanted<A> {
  readonly promise: Promise<A | null>;
  readonly resolve: (account: A | null) => void;
  readonly reject: (error: unknown) => void;
  readonly since: number;
  fresh: boolean;
  /** It took too long: nobody waits for it. */
  given: boolean;
  /** The user was changed while the read was under way: its answer is not kept. */
  outdated: boolean;
}

export class AccountCache<A = Account> {
  readonly #options: AccountCacheOptions<A>;
  readonly #entries = new Map<string, Entry<A>>();
  readonly #loads = new PassingMap<Load<A>>(keyedHash);
  #gathered: Load<A>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reading = 0;
  #patience: NodeJS.Timeout | undefined;
  #unknown = new Set<string>();
  #unknownBefore = new Set<string>();
  #unknownSince = 0;
  #size = 0;
  #round = 0;
  #asked = 0;

  constructor(options: AccountCacheOptions<A>) {
    this.#options = options;
  }

  /** Accounts kept now. */
  get size(): number {
    return this.#size;
  }

  /** Names that are being read. */
  get waiting(): number {
    return this.#loads.size;
  }

  find(name: string, domain: string, fresh = false): Answer<A | null> {
    const entry = this.#entry(name, domain);
    if (entry !== undefined && entry.round !== this.#round) {
      entry.round = this.#round;
      this.#asked++;
    }
    if (entry !== undefined && !fresh && this.#options.clock.monotonic() - entry.readAt <= this.#options.trustMs) {
      entry.used = true;
      return entry.account;
    }
    if (!fresh && entry === undefined && this.#isUnknown(name, domain)) return null;
    return this.#load(name, domain, entry?.account, fresh);
  }

  /** How many different accounts at hand were asked for since `takeAsked` was called last. */
  get asked(): number {
    return this.#asked;
  }

  takeAsked(): number {
    const asked = this.#asked;
    this.#asked = 0;
    this.#round++;
    return asked;
  }

  /** A question sent at `readAt` found accounts of the name as they are here, where `isSame` says so: trusted from then on. */
  confirm<T>(name: string, readAt: number, found: T, isSame: (account: A, found: T) => boolean): void {
    for (let entry = this.#entries.get(name); entry; entry = entry.next) {
      if (entry.readAt < readAt && isSame(entry.account, found)) entry.readAt = readAt;
    }
  }

  /** The user was changed by ourselves: the next look-up reads anew. */
  forget(name: string): void {
    for (let entry = this.#entries.get(name); entry; entry = entry.next) this.#size--;
    this.#entries.delete(name);
    this.#unknown.clear();
    this.#unknownBefore.clear();
    for (const load of this.#loads.values()) {
      if (load.name !== name) continue;
      load.outdated = true;
      this.#done(load);
    }
  }

  #entry(name: string, domain: string): Entry<A> | undefined {
    let entry = this.#entries.get(name);
    while (entry !== undefined && entry.domain !== domain) entry = entry.next;
    return entry;
  }

  #load(name: string, domain: string, known: A | undefined, fresh: boolean): Promise<A | null> {
    const key = keyOf(name, domain);
    const running = this.#loads.get(key);
    // A read that has been sent off may be older than what `fresh` asks about; one still being gathered is not.
    if (running && (!fresh || this.#gathered.includes(running))) {
      if (fresh) running.fresh = true;
      return running.promise;
    }
    if (running) running.outdated = true;
    if (this.#loads.size >= MAX_WAITING) {
      return Promise.reject(this.#away('too many look-ups of users are waiting'));
    }
    // The name may be a slice of a whole packet, which must not be kept alive for it.
    const { promise, resolve, reject } = Promise.withResolvers<A | null>();
    const load = {
      name: ownCopy(name),
      domain: ownCopy(domain),
      known,
      since: this.#options.clock.monotonic(),
      fresh,
      given: false,
      outdated: false,
      promise,
      resolve,
      reject,
    };
    this.#loads.set(key, load);
    this.#gathered.push(load);
    this.#patience ??= setTimeout(() => this.#losePatience(), LOOK_MS).unref();
    if (this.#gathered.length >= BATCH) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), GATHER_MS);
    return promise;
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#reading === READS) return;
    const loads = this.#gathered.splice(0, BATCH).filter(({ given }) => !given);
    if (loads.length > 0) void this.#read(loads);
  }

  async #read(loads: readonly Load<A>[]): Promise<void> {
    this.#reading++;
    const sentAt = this.#options.clock.monotonic();
    try {
      const accounts = await this.#options.read(loads);
      for (const [i, load] of loads.entries()) this.#settle(load, accounts[i] ?? null, sentAt);
    } catch (error) {
      for (const load of loads) this.#fail(load, error);
    }
    this.#reading--;
    if (this.#gathered.length > 0) this.#send();
  }

  /** Looks now and then whether the source keeps somebody waiting too long. */
  #losePatience(): void {
    this.#patience = undefined;
    for (const load of this.#loads.values()) {
      const age = this.#options.clock.monotonic() - load.since;
      if (age >= KNOWN_MS && !load.fresh && this.#trustFurther(load)) continue;
      if (age < (this.#options.longestMs ?? LONGEST_MS)) continue;
      load.given = true;
      this.#done(load);
      load.reject(this.#away('the source of users does not answer'));
    }
    if (this.#loads.size > 0) this.#patience = setTimeout(() => this.#losePatience(), LOOK_MS).unref();
  }

  #away(why: string): Error {
    return this.#options.away?.(why) ?? new GatehouseError('STORAGE_UNAVAILABLE', why);
  }

  /** What is known of the user serves until there is news. */
  #trustFurther({ name, domain, resolve }: Load<A>): boolean {
    const entry = this.#entry(name, domain);
    if (!entry) return false;
    entry.readAt = this.#options.clock.monotonic();
    resolve(entry.account);
    return true;
  }

  #settle(load: Load<A>, account: A | null, sentAt: number): void {
    this.#done(load);
    if (!load.outdated) {
      if (account) this.#keep(load.name, load.domain, account, sentAt);
      else this.#keepUnknown(load.name, load.domain);
    }
    load.resolve(account);
  }

  #fail(load: Load<A>, error: unknown): void {
    this.#done(load);
    if (load.fresh || load.outdated || !this.#trustFurther(load)) load.reject(error);
  }

  #done(load: Load<A>): void {
    const key = keyOf(load.name, load.domain);
    if (this.#loads.get(key) === load) this.#loads.delete(key);
  }

  /** Trusted from when it was asked for: the row may have changed while the answer was on its way. */
  #keep(name: string, domain: string, account: A, readAt: number): void {
    const entry = this.#entry(name, domain);
    if (entry) {
      entry.account = account;
      entry.readAt = readAt;
      return;
    }
    if (this.#size >= this.#options.capacity) this.#evict();
    const next = this.#entries.get(name);
    this.#entries.set(name, { name, domain, account, readAt, used: false, round: -1, next });
    this.#size++;
  }

  /** Second chance: the oldest that was not used since it was looked at last goes. */
  #evict(): void {
    for (const [name, first] of this.#entries) {
      this.#entries.delete(name);
      if (first.used) {
        first.used = false;
        this.#entries.set(name, first);
        continue;
      }
      for (let entry: Entry<A> | undefined = first; entry; entry = entry.next) this.#size--;
      return;
    }
  }

  #keepUnknown(name: string, domain: string): void {
    this.#dropEntry(name, domain);
    this.#turnUnknown();
    if (this.#unknown.size >= MAX_UNKNOWN) this.#unknown.clear();
    this.#unknown.add(keyOf(name, domain));
  }

  #dropEntry(name: string, domain: string): void {
    if (!this.#entry(name, domain)) return;
    const rest: Entry<A>[] = [];
    for (let entry = this.#entries.get(name); entry; entry = entry.next) if (entry.domain !== domain) rest.push(entry);
    this.#size--;
    this.#entries.delete(name);
    let chain: Entry<A> | undefined;
    for (const entry of rest) chain = Object.assign(entry, { next: chain });
    if (chain) this.#entries.set(name, chain);
  }

  #isUnknown(name: string, domain: string): boolean {
    if (this.#unknown.size === 0 && this.#unknownBefore.size === 0) return false;
    this.#turnUnknown();
    const key = keyOf(name, domain);
    return this.#unknown.has(key) || this.#unknownBefore.has(key);
  }

  #turnUnknown(): void {
    const now = this.#options.clock.monotonic();
    const rounds = (now - this.#unknownSince) / UNKNOWN_MS;
    if (rounds < 1) return;
    this.#unknownBefore = rounds < 2 ? this.#unknown : new Set();
    this.#unknown = new Set();
    this.#unknownSince = now;
  }
}

function keyOf(name: string, domain: string): string {
  return `${name}\n${domain}`;
}

function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
