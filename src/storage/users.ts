/** Users in Gatehouse's own tables (worker side). Errors: USER_EXISTS, USER_UNKNOWN. */
import type { Kysely, Selectable } from 'kysely';
import type { NewSubscriber, SubscriberName, UserTables } from '../core/ser/types.ts';
import { wireText } from '../core/ser/wire-text.ts';
import type { Login, LoginState, UserRecord } from '../core/users/store.ts';
import { GatehouseError } from '../platform/errors.ts';
import { type Database, transaction } from './database.ts';
import type { SealedUser, UserChange } from './protocol.ts';
import type { Tables } from './ser/tables.ts';
import { ROWS, userRows } from './ser/user-rows.ts';
import type { Schema } from './tables.ts';

export class Users {
  readonly #db: Database;
  readonly #tables: Tables;

  constructor(db: Database, tables: Tables) {
    this.#db = db;
    this.#tables = tables;
  }

  async find(logins: readonly Login[]): Promise<{ login: Login; user: UserRecord }[]> {
    const byLogin = new Map<string, UserRecord>();
    for (const piece of pieces(logins)) {
      const ids = this.#db.kysely
        .selectFrom('gh_login')
        .select('user_id')
        .where((e) => {
          // By domain, so that the statement grows in width and not in depth.
          const byDomain = Map.groupBy(piece, ({ domain }) => domain);
          const tests = byDomain.entries().map(([domain, group]) => {
            const isOneOf = e('name', 'in', [...new Set(group.map(({ name }) => name))]);
            return domain === '' ? isOneOf : e.and([e('domain', '=', domain), isOneOf]);
          });
          return e.or([...tests]);
        });
      for (const user of await read(this.#db.kysely, (query) => query.where('gh_user.id', 'in', ids))) {
        for (const has of user.logins) {
          byLogin.set(loginKey(has), user);
          // A login asked for without domain is answered by any, the lowest id first.
          const any = loginKey({ name: has.name, domain: '' });
          if (!byLogin.has(any)) byLogin.set(any, user);
        }
      }
    }
    return logins.flatMap((login) => {
      const user = byLogin.get(loginKey(login));
      return user ? [{ login, user }] : [];
    });
  }

  named(name: string): Promise<Login[]> {
    const query = this.#db.kysely.selectFrom('gh_login').select(['name', 'domain']).where('name', '=', name);
    return query.orderBy('user_id').limit(100).execute();
  }

  async list({ after = 0, limit, prefix }: { after?: number; limit: number; prefix?: string }): Promise<UserRecord[]> {
    const db = this.#db.kysely;
    let page = db.selectFrom('gh_user').select('id').where('id', '>', after);
    if (prefix) {
      // A range, not LIKE: own tables compare byte by byte, and no character needs an escape.
      const end = `${prefix}\u{10ffff}`;
      page = page.where('id', 'in', (e) =>
        e.selectFrom('gh_login').select('user_id').where('name', '>=', prefix).where('name', '<', end),
      );
    }
    const ids = (await page.orderBy('id').limit(limit).execute()).map(({ id }) => id);
    return ids.length === 0 ? [] : read(db, (query) => query.where('gh_user.id', 'in', ids));
  }

  async count(): Promise<number> {
    const query = this.#db.kysely.selectFrom('gh_user').select((e) => e.fn.countAll<number>().as('n'));
    return Number((await query.executeTakeFirstOrThrow()).n);
  }

  async lockedNames(): Promise<LoginState[]> {
    const db = this.#db.kysely;
    const logins = db.selectFrom('gh_login').innerJoin('gh_user', 'gh_user.id', 'gh_login.user_id');
    const names = logins.where('locked', '=', 1).select('gh_login.name');
    const rows = await logins
      .where('gh_login.name', 'in', names)
      .select(['gh_login.name', 'gh_login.domain', 'locked'])
      .execute();
    return rows.map(({ name, domain, locked }) => ({ name, domain, locked: locked !== 0 }));
  }

  /** Sets `count` ids aside for good and gives the first. */
  reserve(count: number): Promise<number> {
    return transaction(this.#db, async (db) => {
      const row = await db
        .selectFrom('gh_meta')
        .select('value')
        .where('name', '=', 'next-user')
        .$if(this.#db.dialect !== 'sqlite', (query) => query.forUpdate())
        .executeTakeFirstOrThrow();
      const first = Number(row.value);
      const value = String(first + count);
      await db.updateTable('gh_meta').set({ value }).where('name', '=', 'next-user').execute();
      return first;
    });
  }

  /** This and what follows call `seal` before they commit. */
  async insert(users: readonly SealedUser[], shownIn: UserTables, seal: () => void): Promise<void> {
    const rows = users.map(({ id, email, mobile = '', password, created }) => ({
      id,
      email,
      mobile,
      rpid: '',
      locked: 0,
      password,
      created,
    }));
    const logins = users.flatMap(({ id, logins }) =>
      logins.map(({ name, domain }, position) => ({ name, domain, user_id: id, position })),
    );
    const shown = await userRows(this.#tables, shownIn);
    try {
      await transaction(this.#db, async (on) => {
        for (const piece of pieces(rows)) await on.insertInto('gh_user').values(piece).execute();
        for (const piece of pieces(logins)) await on.insertInto('gh_login').values(piece).execute();
        await shown.add(users.flatMap(shownRows), { db: this.#db, on });
        seal();
      });
    } catch (error) {
      if (error instanceof GatehouseError || this.#db.isUnavailable(error)) throw error;
      throw (await this.#taken(users)) ?? error;
    }
  }

  async update(
    id: number,
    { email, mobile, rpid, locked, password }: UserChange,
    shownIn: UserTables,
    seal: () => void,
  ): Promise<void> {
    const change = {
      ...(email === undefined ? {} : { email }),
      ...(mobile === undefined ? {} : { mobile }),
      ...(rpid === undefined ? {} : { rpid }),
      ...(locked === undefined ? {} : { locked: locked ? 1 : 0 }),
      ...(password === undefined ? {} : { password }),
    };
    const shown = await userRows(this.#tables, shownIn);
    await transaction(this.#db, async (on) => {
      const [user] = await read(on, (query) => query.where('gh_user.id', '=', id));
      if (!user) throw unknown(id);
      if (email !== undefined) {
        for (const login of user.logins) await shown.setEmail(wireName(login), wireText(email), { db: this.#db, on });
      }
      if (Object.keys(change).length > 0) await on.updateTable('gh_user').set(change).where('id', '=', id).execute();
      seal();
    });
  }

  async remove(id: number, shownIn: UserTables, seal: () => void): Promise<void> {
    const shown = await userRows(this.#tables, shownIn);
    await transaction(this.#db, async (on) => {
      const [user] = await read(on, (query) => query.where('gh_user.id', '=', id));
      if (!user) throw unknown(id);
      for (const login of user.logins) await shown.remove(wireName(login), { db: this.#db, on });
      await on.deleteFrom('gh_user').where('id', '=', id).execute();
      seal();
    });
  }

  /** The first of the new logins that somebody has, or that two of the new users share. */
  async #taken(users: readonly SealedUser[]): Promise<GatehouseError | undefined> {
    const wanted = users.flatMap(({ logins }) => logins);
    const there = new Set<string>();
    for (const { login, user } of await this.find(wanted))
      if (user.logins.some((has) => same(has, login))) there.add(loginKey(login));
    const taken = wanted.find((login) => there.has(loginKey(login)) || !there.add(loginKey(login)));
    if (!taken) return undefined;
    const text = taken.domain === '' ? taken.name : `${taken.name}@${taken.domain}`;
    return new GatehouseError('USER_EXISTS', `the login ${text} is taken`, {
      hint: 'choose another name, or change the user that has it',
    });
  }
}

type UserRow = Selectable<Schema['gh_user']> & { name: string | null; domain: string | null };
type UserQuery = ReturnType<typeof userQuery>;

function userQuery(db: Kysely<Schema>) {
  return db
    .selectFrom('gh_user')
    .leftJoin('gh_login', 'gh_login.user_id', 'gh_user.id')
    .select([
      'gh_user.id',
      'email',
      'mobile',
      'rpid',
      'locked',
      'password',
      'created',
      'gh_login.name',
      'gh_login.domain',
    ])
    .orderBy('gh_user.id')
    .orderBy('gh_login.position');
}

/** Lowest id first. */
async function read(db: Kysely<Schema>, narrow: (query: UserQuery) => UserQuery): Promise<UserRecord[]> {
  const users: (UserRecord & { logins: Login[] })[] = [];
  for (const row of (await narrow(userQuery(db)).execute()) as UserRow[]) {
    let user = users.at(-1);
    if (user?.id !== row.id) {
      const { id, email, mobile, rpid, created } = row;
      // A copy: the driver's Buffer is a window into a pool, and the whole pool would cross to main.
      const password = row.password && new Uint8Array(row.password);
      user = { id, logins: [], email, mobile, rpid, locked: row.locked !== 0, password, created };
      users.push(user);
    }
    if (row.name !== null) user.logins.push({ name: row.name, domain: row.domain ?? '' });
  }
  return users;
}

function loginKey({ name, domain }: Login): string {
  return `${name}\n${domain}`;
}

/** What SER's tables show of a local user: no secret. */
function shownRows({ logins, email }: SealedUser): NewSubscriber[] {
  return logins.map((login) => ({ ...wireName(login), password: '', ha1: '', ha1b: '', email: wireText(email) }));
}

function wireName({ name, domain }: Login): SubscriberName {
  return { username: wireText(name), domain: wireText(domain) };
}

function same(a: Login, b: Login): boolean {
  return a.name === b.name && a.domain === b.domain;
}

function unknown(id: number): GatehouseError {
  return new GatehouseError('USER_UNKNOWN', `there is no user with the id ${id}`);
}

function* pieces<T>(rows: readonly T[]): Generator<T[]> {
  for (let start = 0; start < rows.length; start += ROWS) yield rows.slice(start, start + ROWS);
}
