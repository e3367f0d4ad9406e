/**
 * A source with a memory: answers at once what it may trust, asks in batches, and keeps one that hangs from holding up anything else.
 *
 * What was read is trusted for a time; while the source is away, persons known from before go on being trusted, as long as nobody asks
 * for them anew. Everything else that is asked of a source has a limit of time and of number.
 * Errors (rejections): RESOLVER_UNAVAILABLE, RESOLVER_CONFIG of a source that cannot be opened.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Answer } from '../answer.ts';
import type { HealthItem } from '../doors/types.ts';
import { AccountCache } from '../users/account-cache.ts';
import { type PersonRecord, type PersonSource, type RecordPage, resolverAway } from './source.ts';
import type { PersonFilter } from './types.ts';

/** Searches and checks of passwords under way. */
const MOST_BUSY = 100;

export interface CachedSourceParts {
  readonly name: string;
  readonly clock: Clock;
  readonly trustMs: number;
  /** Persons kept at most. */
  readonly capacity: number;
  /** After so long nobody waits for the source any more. */
  readonly waitMs: number;
  open(): Promise<PersonSource>;
}

export class CachedSource {
  readonly name: string;
  readonly #parts: CachedSourceParts;
  #byLogin: AccountCache<PersonRecord>;
  #byId: AccountCache<PersonRecord>;
  #source: Promise<PersonSource> | undefined;
  #busy = 0;
  /** Why it did not answer when it was last asked, and since when. */
  #away: { readonly why: string; readonly since: number } | undefined;

  constructor(parts: CachedSourceParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#byLogin = this.#cache((source, logins) => source.byLogin(logins));
    this.#byId = this.#cache((source, ids) => source.byId(ids));
  }

  find(login: string, fresh?: boolean): Answer<PersonRecord | null> {
    return this.#byLogin.find(login, '', fresh);
  }

  findById(id: string, fresh?: boolean): Answer<PersonRecord | null> {
    return this.#byId.find(id, '', fresh);
  }

  /** The source was changed by ourselves: nothing that was read before is trusted. */
  forget(): void {
    this.#byLogin = this.#cache((source, logins) => source.byLogin(logins));
    this.#byId = this.#cache((source, ids) => source.byId(ids));
  }

  search(filter: PersonFilter, limit: number): Promise<RecordPage> {
    return this.#withinLimits((source) => source.search(filter, limit));
  }

  checkPassword(id: string, password: string): Promise<boolean> {
    return this.#withinLimits((source) => source.checkPassword(id, password));
  }

  async notes(): Promise<readonly string[]> {
    return (await this.#opened()).notes?.() ?? [];
  }

  health(): HealthItem[] {
    if (!this.#away) return [];
    const { why, since } = this.#away;
    return [{ code: 'RESOLVER_UNAVAILABLE', severity: 'warning', text: why, since }];
  }

  async close(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    // One that could not be opened has told whoever asked.
    await (await source?.catch(() => undefined))?.close();
  }

  #cache(read: (source: PersonSource, names: readonly string[]) => Promise<readonly (PersonRecord | null)[]>) {
    const { name, clock, trustMs, capacity, waitMs } = this.#parts;
    return new AccountCache<PersonRecord>({
      clock,
      trustMs,
      capacity,
      longestMs: waitMs,
      away: (why) => resolverAway(name, why),
      read: async (wanted) => {
        try {
          const names = wanted.map((one) => one.name);
          const found = await read(await this.#opened(), names);
          this.#away = undefined;
          return found;
        } catch (error) {
          throw this.#asAway(error);
        }
      },
    });
  }

  async #withinLimits<T>(work: (source: PersonSource) => Promise<T>): Promise<T> {
    const { name, waitMs } = this.#parts;
    if (this.#busy >= MOST_BUSY) throw resolverAway(name, `${MOST_BUSY} questions are under way already`);
    this.#busy++;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(resolverAway(name, `it took more than ${waitMs} ms`)), waitMs);
    // It counts until it is over, also when nobody waits any more.
    const working = this.#opened()
      .then(work)
      .finally(() => {
        this.#busy--;
      });
    try {
      const done = await Promise.race([working, late]);
      this.#away = undefined;
      return done;
    } catch (error) {
      throw this.#asAway(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #opened(): Promise<PersonSource> {
    if (this.#source) return this.#source;
    const opening = this.#parts.open();
    this.#source = opening;
    opening.catch(() => {
      if (this.#source === opening) this.#source = undefined;
    });
    return opening;
  }

  #asAway(error: unknown): GatehouseError {
    const isKnown = error instanceof GatehouseError && /^(RESOLVER|HASH|SEAL)_/.test(error.code);
    const away = isKnown
      ? error
      : resolverAway(this.name, error instanceof Error ? error.message : String(error), error);
    const since = this.#away?.since ?? this.#parts.clock.now();
    if (away.code === 'RESOLVER_UNAVAILABLE') this.#away = { why: away.message, since };
    return away;
  }
}
