/**
 * Users in our own tables: one sealed password each, and a row in `subscriber` (clear columns empty) and `uri` so that SER's
 * tables are complete for whoever reads them.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditLines } from '../audit/types.ts';
import type { Keyring } from '../secrets/keyring.ts';
import type { UserTables } from '../ser/types.ts';
import { passwordSeal } from '../users/local-users.ts';
import type { Login, UserRecord, UserStore } from '../users/store.ts';
import { loginText, sameLogin } from './login.ts';
import type { UserView } from './types.ts';
import type { NewUser, UserBook } from './user-book.ts';

export interface LocalBookParts {
  readonly store: UserStore;
  readonly keyring: Keyring;
  readonly clock: Clock;
  /** Empty where there is no SIP door. */
  readonly shownIn: UserTables;
}

export function localBook({ store, keyring, clock, shownIn }: LocalBookParts): UserBook {
  return { add, addMany, taken, named, setPassword, setEmail, setMobile, setRpid, setLocked, remove, show, list };

  async function add({ login, email, mobile, password }: NewUser, audit: AuditLines): Promise<UserView> {
    const fresh = { logins: [login], email, mobile, created: clock.now() };
    return view(await store.create(fresh, (id) => sealed(password, id), shownIn, audit));
  }

  async function addMany(users: readonly NewUser[], audit: AuditLines): Promise<number> {
    const created = clock.now();
    const records = users.map(({ login, email, mobile }) => ({ logins: [login], email, mobile, created }));
    return store.createMany(records, (index, id) => sealed(users[index]!.password, id), shownIn, audit);
  }

  async function taken(logins: readonly Login[]): Promise<Login[]> {
    return (await findExactly(logins)).map(({ login }) => login);
  }

  function named(name: string): Promise<Login[]> {
    return store.named(name);
  }

  /** The store answers a login without domain with a user of any. */
  async function findExactly(logins: readonly Login[]): Promise<{ login: Login; user: UserRecord }[]> {
    return (await store.find(logins)).filter(({ login, user }) => user.logins.some((has) => sameLogin(has, login)));
  }

  async function setPassword(login: Login, password: string, audit: AuditLines): Promise<void> {
    const { id } = await find(login);
    await store.update(id, { password: sealed(password, id) }, shownIn, audit);
  }

  async function setEmail(login: Login, email: string, audit: AuditLines): Promise<void> {
    await store.update((await find(login)).id, { email }, shownIn, audit);
  }

  async function setMobile(login: Login, mobile: string, audit: AuditLines): Promise<void> {
    await store.update((await find(login)).id, { mobile }, shownIn, audit);
  }

  async function setRpid(login: Login, rpid: string, audit: AuditLines): Promise<void> {
    await store.update((await find(login)).id, { rpid }, shownIn, audit);
  }

  async function setLocked(login: Login, locked: boolean, audit: AuditLines): Promise<boolean> {
    const [found] = await findExactly([login]);
    if (found === undefined) return false;
    await store.update(found.user.id, { locked }, shownIn, audit);
    return true;
  }

  async function remove(login: Login, audit: AuditLines): Promise<void> {
    await store.remove((await find(login)).id, shownIn, audit);
  }

  async function show(login: Login): Promise<UserView> {
    return view(await find(login));
  }

  async function list({
    prefix,
    after,
    limit,
  }: {
    prefix?: string;
    after?: string;
    limit: number;
  }): Promise<UserView[]> {
    const options = {
      limit,
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after: idNumber(after) }),
    };
    return (await store.list(options)).map(view);
  }

  async function find(login: Login): Promise<UserRecord> {
    const [found] = await findExactly([login]);
    if (found) return found.user;
    throw new GatehouseError('USER_UNKNOWN', `there is no user ${loginText(login)}`);
  }

  function sealed(password: string, id: number): Uint8Array {
    return keyring.seal(password, passwordSeal(id));
  }
}

function view({ id, logins, email, mobile, rpid, locked, created }: UserRecord): UserView {
  return {
    id: `local:${id}`,
    logins: logins.map(loginText),
    email,
    mobile,
    rpid,
    locked,
    created: new Date(created).toISOString(),
    source: 'local',
  };
}

/** `local:12` or `12`. */
function idNumber(text: string): number {
  return Number(text.slice(text.lastIndexOf(':') + 1)) || 0;
}
