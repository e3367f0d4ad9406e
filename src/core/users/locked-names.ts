/**
 * The names of locked users, so that `lock` holds whoever vouches for the name: a RADIUS server, a directory, a subscriber table, a program.
 *
 * Accounts of our own know for themselves whether they are locked. Others go by their names: locked is who has exactly the login of a locked user, and
 * who has the name of one under another domain, or none, while nobody has the name who is not locked; for then only he can be meant, as when
 * `lock` ends sessions. Names are compared in any case, as such sources do. Nothing is asked of the database for a knock.
 *
 * Errors (rejections): those of UserStore.
 */
import type { LoginState, UserStore } from './store.ts';
import type { Account } from './types.ts';

/** Ids of accounts of our own begin so. */
const OWN = 'local:';

export class LockedNames {
  readonly #store: Pick<UserStore, 'lockedNames'>;
  #names = new Map<string, LoginState[]>();
  #loading: Promise<void> = Promise.resolve();

  constructor(store: Pick<UserStore, 'lockedNames'>) {
    this.#store = store;
  }

  /** Reads them anew, after all changes that are made by now. */
  load(): Promise<void> {
    const loading = this.#loading.catch(() => {}).then(() => this.#read());
    this.#loading = loading;
    return loading;
  }

  holds({ id, name, domain }: Pick<Account, 'id' | 'name' | 'domain'>): boolean {
    if (this.#names.size === 0 || id.startsWith(OWN)) return false;
    if (this.#holds(name, domain)) return true;
    // A directory may call him by name and domain, and the realm is something else.
    const at = name.lastIndexOf('@');
    return at > 0 && this.#holds(name.slice(0, at), name.slice(at + 1));
  }

  #holds(name: string, domain: string): boolean {
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
