/**
 * Local users: kept by Gatehouse itself, their passwords sealed. A password is opened only when an HA1 or a comparison needs
 * it, so that clear passwords do not lie in memory.
 *
 * Names are looked up as they are written, in this case and no other (RFC 3261 section 19.1.4); domains in any case.
 *
 * Errors (rejections of find): STORAGE_UNAVAILABLE. A password that cannot be opened is none: the user is refused.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Answer } from '../gate/types.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { wireText } from '../ser/wire-text.ts';
import type { Wanted } from './account-cache.ts';
import { AccountCache } from './account-cache.ts';
import type { UserRecord, UserStore } from './store.ts';
import { StoredAccount } from './stored-account.ts';
import type { Account, UserSource } from './types.ts';

export interface LocalUsersOptions {
  readonly store: UserStore;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Log;
  /** Accounts kept in memory at most. */
  readonly capacity?: number;
  /** Columns of `load_credentials`; local users have an e-mail address and a Remote-Party-ID to give. */
  readonly columns?: readonly string[];
  /** False: the domain asked for is not looked at. */
  readonly useDomain?: boolean;
}

/** What a sealed password is bound to. */
export function passwordSeal(id: number): string {
  return `user:${id}:password`;
}

export class LocalUsers implements UserSource {
  readonly name = 'local';
  readonly shared = false;
  readonly ignoresCase = false;
  readonly #options: LocalUsersOptions;
  readonly #cache: AccountCache;

  constructor(options: LocalUsersOptions) {
    this.#options = options;
    this.#cache = new AccountCache({
      clock: options.clock,
      trustMs: Number.POSITIVE_INFINITY,
      capacity: options.capacity ?? 200_000,
      read: (wanted) => this.#read(wanted),
    });
  }

  get waiting(): number {
    return this.#cache.waiting;
  }

  find(name: string, domain: string, fresh?: boolean): Answer<Account | null> {
    return this.#cache.find(name, this.#options.useDomain === false ? '' : domain.toLowerCase(), fresh);
  }

  forget(name: string): void {
    this.#cache.forget(name);
  }

  async #read(wanted: readonly Wanted[]): Promise<(Account | null)[]> {
    const found = await this.#options.store.find(wanted.map(({ name, domain }) => ({ name, domain })));
    const byLogin = new Map(found.map(({ login, user }) => [`${login.name}\n${login.domain}`, user]));
    return wanted.map(({ name, domain }) => {
      const user = byLogin.get(`${name}\n${domain}`);
      return user ? this.#account(user, name, domain) : null;
    });
  }

  #account(user: UserRecord, name: string, domain: string): Account {
    const { keyring, log, columns = [] } = this.#options;
    const login =
      user.logins.find((l) => l.name === name && l.domain === domain) ??
      user.logins.find((l) => l.name === name) ??
      user.logins[0];
    const data = {
      id: `local:${user.id}`,
      name: login?.name ?? name,
      domain: login?.domain ?? domain,
      locked: user.locked,
      values: columns.map((column) => columnOf(user, column)),
    };
    return new StoredAccount(data, { password, ha1: () => undefined });

    function password(): string | undefined {
      if (user.password === null) return undefined;
      try {
        return keyring.open(user.password, passwordSeal(user.id));
      } catch (error) {
        log.error('a sealed password cannot be opened: set it anew', { user: data.id, error: String(error) });
        return undefined;
      }
    }
  }
}

function columnOf(user: UserRecord, column: string): string | null {
  if (column === 'email_address') return user.email;
  return column === 'rpid' && user.rpid !== '' ? wireText(user.rpid) : null;
}
