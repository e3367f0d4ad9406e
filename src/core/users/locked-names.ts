/**
 * The names that are locked, so that `lock` holds whoever vouches for the name: a RADIUS server, a directory, a subscriber table, a program. They
 * are those of locked users of our own, and those locked by name alone (name-locks.ts).
 *
 * Accounts of our own know for themselves whether they are locked. Others go by their names: locked is who has exactly the login of a locked user, and
 * who has the name of one under another domain, or none, while nobody has the name who is not locked; for then only he can be meant, as when
 * `lock` ends sessions. Names are compared in any case, as such sources do. Nothing is asked of the database for a knock.
 *
 * Errors (rejections): those of UserStore.
 */
import type { NameLocks } from './name-locks.ts';
import type { Login, LoginState, UserStore } from './store.ts';
import type { Account } from './types.ts';

/** Ids of accounts of our own begin so. */
const OWN = 'local:';

export class LockedNames {
  readonly byName: NameLocks;
  readonly #store: Pick<UserStore, 'lockedNames'>;
  #names = new Map<string, LoginState[]>();
  #loading: Promise<void> = Promise.resolve();

  constructor(store: Pick<UserStore, 'lockedNames'>, byName: NameLocks) {
    this.byName = byName;
    this.#store = store;
  }

  /** Reads them anew, after all changes that are made by now. */
  load(): Promise<void> {
    const loading = this.#loading.catch(() => {}).then(() => this.#read());
    this.#loading = loading;
    return loading;
  }

  holds({ id, name, domain }: Pick<Account, 'id' | 'name' | 'domain'>): boolean {
    if (id.startsWith(OWN)) return this.byName.holds(name, domain, true);
    if (this.#holds(name, domain)) return true;
    // A directory may call him by name and domain, and the realm is something else.
    const at = name.lastIndexOf('@');
    return at > 0 && this.#holds(name.slice(0, at), name.slice(at + 1));
  }

  /** Logins of locked users of our own. */
  users(): Login[] {
    return [...this.#names.values()].flat().filter(({ locked }) => locked);
  }

  #holds(name: string, domain: string): boolean {
    if (this.byName.holds(name, domain, false)) return true;
    if (this.#names.size === 0) return false;
    const logins = this.#names.get(name.toLowerCase());
    if (logins === undefined) return false;
    const exact = logins.find((one) => one.domain === domain.toLowerCase());
    return exact === undefined ? logins.every(({ locked }) => locked) : exact.locked;
  }

  async #read(): Promise<void> {
    const found = await this.#store.lockedNames();
    this.#names = Map.groupBy(found, ({ name }) => name.toLowerCase());
  }
}

/** The store, so that each change of it that may concern them is known when it counts as done. */
export function watched(store: UserStore, locks: LockedNames): UserStore {
  return {
    ...store,
    async create(...given) {
      const user = await store.create(...given);
      await locks.load();
      return user;
    },
    async createMany(...given) {
      const count = await store.createMany(...given);
      await locks.load();
      return count;
    },
    async update(id, change, ...rest) {
      await store.update(id, change, ...rest);
      if (change.locked !== undefined) await locks.load();
    },
    async remove(...given) {
      await store.remove(...given);
      await locks.load();
    },
  };
}
