/**
 * All sources of users that doors have asked for: one per table and way of reading it, and one place that tells them all when
 * we changed a user ourselves.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Keyring } from '../secrets/keyring.ts';
import type { SerTables, SubscriberSpec } from '../ser/types.ts';
import { LocalUsers } from './local-users.ts';
import { SerUsers } from './ser-users.ts';
import type { UserStore } from './store.ts';
import type { UserSource } from './types.ts';

export interface UserRegistryOptions {
  readonly store: UserStore;
  readonly tables: SerTables;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Log;
  /** How long credentials of attached tables are trusted, in milliseconds. */
  readonly trustMs?: number;
  /** Accounts kept in memory at most, for each source. */
  readonly capacity?: number;
}

export class UserRegistry {
  /** The default source of every door. */
  readonly local: LocalUsers;
  readonly #options: UserRegistryOptions;
  readonly #sources = new Map<string, LocalUsers | SerUsers>();

  constructor(options: UserRegistryOptions) {
    this.#options = options;
    this.local = new LocalUsers(options);
  }

  /** Local users where the table is our own, the table's rows where it is attached. Errors: those of SerTables.open. */
  async source(spec: SubscriberSpec, how: { useDomain: boolean; calculateHa1: boolean }): Promise<UserSource> {
    const key = JSON.stringify([spec, how.useDomain, how.calculateHa1]);
    const known = this.#sources.get(key);
    if (known) return known;
    const { attached } = await this.#options.tables.open('subscriber', spec);
    const { useDomain, calculateHa1 } = how;
    const source = attached
      ? new SerUsers({ ...this.#options, spec, useDomain, calculateHa1 })
      : new LocalUsers({ ...this.#options, useDomain, columns: spec.columns });
    this.#sources.set(key, source);
    return source;
  }

  /** Users that are being read. */
  get waiting(): number {
    let count = this.local.waiting;
    for (const source of this.#sources.values()) count += source.waiting;
    return count;
  }

  /** We changed this user: every source reads it anew. */
  forget(name: string): void {
    this.local.forget(name);
    for (const source of this.#sources.values()) source.forget(name);
  }
}
