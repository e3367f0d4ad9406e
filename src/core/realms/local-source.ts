/**
 * Gatehouse's own users as persons: the built-in resolver `local`. Its ids are those of the users, its logins with the domain where there
 * is one.
 *
 * A name without domain means the user of the default domain, else the only one of that name: where several domains have it, nobody.
 */
import { loginText, parseLogin, sameLogin } from '../admin/login.ts';
import { sameSecret } from '../proofs/compare.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { passwordSeal } from '../users/local-users.ts';
import type { Login, UserRecord, UserStore } from '../users/store.ts';
import { compileFilter } from './filter.ts';
import { attributesOf, type PersonRecord, type PersonSource, type RecordPage } from './source.ts';
import type { PersonFilter } from './types.ts';

export interface LocalSourceParts {
  readonly store: UserStore;
  readonly keyring: Keyring;
  defaultDomain(): string;
}

const PAGE = 1000;
/** Users looked at for one search; who has more, searches by the beginning of a name. */
const MOST_SEARCHED = 100_000;

export function localSource({ store, keyring, defaultDomain }: LocalSourceParts): PersonSource {
  return { byLogin, byId, search, checkPassword, close: async () => {} };

  async function byLogin(logins: readonly string[]): Promise<(PersonRecord | null)[]> {
    const asked = logins.map(readings);
    const found = await store.find(asked.flat());
    const users = new Map(found.map(({ login, user }) => [loginText(login), user]));
    return Promise.all(asked.map((readings) => firstOf(readings, users)));
  }

  /** What a login may mean, the surest first; none where it cannot be one. */
  function readings(login: string): Login[] {
    try {
      const sure = parseLogin(login, defaultDomain());
      return login.includes('@') || sure.domain === '' ? [sure] : [sure, { name: sure.name, domain: '' }];
    } catch {
      return [];
    }
  }

  async function firstOf(readings: readonly Login[], users: ReadonlyMap<string, UserRecord>) {
    for (const login of readings) {
      const user = users.get(loginText(login));
      if (!user) continue;
      if (user.logins.some((has) => sameLogin(has, login))) return record(user, loginText(login));
      // Asked for without domain, and somebody has the name in one.
      const named = await store.named(login.name);
      if (named.length === 1) return record(user, loginText(named[0]!));
    }
    return null;
  }

  function byId(ids: readonly string[]): Promise<(PersonRecord | null)[]> {
    return Promise.all(
      ids.map(async (id) => {
        const user = await userOf(id);
        return user ? record(user) : null;
      }),
    );
  }

  async function userOf(id: string): Promise<UserRecord | undefined> {
    if (!/^[1-9]\d{0,14}$/.test(id)) return undefined;
    const [user] = await store.list({ after: Number(id) - 1, limit: 1 });
    return user?.id === Number(id) ? user : undefined;
  }

  async function search(filter: PersonFilter, limit: number): Promise<RecordPage> {
    const fits = compileFilter(filter);
    const prefix = /^[^*]*/.exec(filter.username ?? '')![0].replace(/@.*/, '');
    const records: PersonRecord[] = [];
    let after = 0;
    for (let seen = 0; seen < MOST_SEARCHED; ) {
      // Patterns fit in any case, the store's prefix in one only.
      const exactCase = prefix !== '' && prefix.toLowerCase() === prefix.toUpperCase();
      const page = await store.list({ after, limit: PAGE, ...(exactCase ? { prefix } : {}) });
      for (const user of page) {
        const person = record(user);
        if (!fits(person)) continue;
        if (records.length === limit) return { records, more: true };
        records.push(person);
      }
      if (page.length < PAGE) return { records, more: false };
      after = page.at(-1)!.id;
      seen += page.length;
    }
    return { records, more: true };
  }

  async function checkPassword(id: string, password: string): Promise<boolean> {
    const user = await userOf(id);
    if (!user?.password) return false;
    return sameSecret(keyring.open(user.password, passwordSeal(user.id)), password);
  }
}

function record(user: UserRecord, login = user.logins[0] ? loginText(user.logins[0]) : ''): PersonRecord {
  const { email, mobile, locked } = user;
  const id = String(user.id);
  return { id, login, locked, attributes: attributesOf({ username: login, userid: id, email, mobile }) };
}
