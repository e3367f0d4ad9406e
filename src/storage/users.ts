/** Users in Gatehouse's own tables (worker side). Errors: USER_EXISTS, USER_UNKNOWN. */
import type { Kysely, Selectable } from 'kysely';
import type { Login, UserRecord } from '../core/users/store.ts';
import { GatehouseError } from '../platform/errors.ts';
import type { Database } from './database.ts';
import type { NewUser, UserChange } from './protocol.ts';
import type { Schema } from './tables.ts';

/** Rows of one INSERT. */
const ROWS = 500;

export class Users {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async find(logins: readonly Login[]): Promise<{ login: Login; user: UserRecord }[]> {
    if (logins.length === 0) return [];
    const exact = logins.filter(({ domain }) => domain !== '');
    const anyDomain = logins.filter(({ domain }) => domain === '').map(({ name }) => name);
    const ids = this.#db.kysely
      .selectFrom('gh_login')
      .select('user_id')
      .where((e) => {
        const tests = exact.map(({ name, domain }) => e.and([e('name', '=', name), e('domain', '=', domain)]));
        return e.or(anyDomain.length > 0 ? [...tests, e('name', 'in', anyDomain)] : tests);
      });
    const users = await read(this.#db.kysely, (query) => query.where('gh_user.id', 'in', ids));
    return logins.flatMap((login) => {
      const user = users.find((one) => one.logins.some((has) => answers(has, login)));
      return user ? [{ login, user }] : [];
    });
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

  /** Sets `count` ids aside for good and gives the first. */
  reserve(count: number): Promise<number> {
    return this.#transaction(async (db) => {
      const row = await db
        .selectFrom('gh_meta')
        .select('value')
        .where('name', '=', 'next-user')
        .$if(this.#db.dialect === 'mysql', (query) => query.forUpdate())
        .executeTakeFirstOrThrow();
      const first = Number(row.value);
      const value = String(first + count);
      await db.updateTable('gh_meta').set({ value }).where('name', '=', 'next-user').execute();
      return first;
    });
  }

  async insert(users: readonly (NewUser & { id: number; password: Uint8Array | null })[]): Promise<void> {
    const rows = users.map(({ id, email, password, created }) => ({ id, email, locked: 0, password, created }));
    const logins = users.flatMap(({ id, logins }) =>
      logins.map(({ name, domain }, position) => ({ name, domain, user_id: id, position })),
    );
    try {
      await this.#transaction(async (db) => {
        for (const piece of pieces(rows)) await db.insertInto('gh_user').values(piece).execute();
        for (const piece of pieces(logins)) await db.insertInto('gh_login').values(piece).execute();
      });
    } catch (error) {
      if (this.#db.isUnavailable(error)) throw error;
      throw (await this.#taken(users)) ?? error;
    }
  }

  async update(id: number, { email, locked, password }: UserChange): Promise<void> {
    const change = {
      ...(email === undefined ? {} : { email }),
      ...(locked === undefined ? {} : { locked: locked ? 1 : 0 }),
      ...(password === undefined ? {} : { password }),
    };
    await this.#transaction(async (db) => {
      // MySQL counts only rows that changed: whether the user exists must be asked.
      const user = await db.selectFrom('gh_user').select('id').where('id', '=', id).executeTakeFirst();
      if (!user) throw unknown(id);
      if (Object.keys(change).length > 0) await db.updateTable('gh_user').set(change).where('id', '=', id).execute();
    });
  }

  async remove(id: number): Promise<void> {
    const { numDeletedRows } = await this.#db.kysely.deleteFrom('gh_user').where('id', '=', id).executeTakeFirst();
    if (numDeletedRows === 0n) throw unknown(id);
  }

  /** The first of the new logins that somebody has, or that two of the new users share. */
  async #taken(users: readonly NewUser[]): Promise<GatehouseError | undefined> {
    const wanted = users.flatMap(({ logins }) => logins);
    const there = await this.#db.kysely
      .selectFrom('gh_login')
      .select(['name', 'domain'])
      .where((e) => e.or(wanted.map(({ name, domain }) => e.and([e('name', '=', name), e('domain', '=', domain)]))))
      .execute();
    const taken = wanted.find((login, i) => [...there, ...wanted.slice(0, i)].some((has) => same(has, login)));
    if (!taken) return undefined;
    const text = taken.domain === '' ? taken.name : `${taken.name}@${taken.domain}`;
    return new GatehouseError('USER_EXISTS', `the login ${text} is taken`, {
      hint: 'choose another name, or change the user that has it',
    });
  }

  #transaction<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#db.alone(() => this.#db.kysely.transaction().execute(work));
  }
}

type UserRow = Selectable<Schema['gh_user']> & { name: string | null; domain: string | null };
type UserQuery = ReturnType<typeof userQuery>;

function userQuery(db: Kysely<Schema>) {
  return db
    .selectFrom('gh_user')
    .leftJoin('gh_login', 'gh_login.user_id', 'gh_user.id')
    .select(['gh_user.id', 'email', 'locked', 'password', 'created', 'gh_login.name', 'gh_login.domain'])
    .orderBy('gh_user.id')
    .orderBy('gh_login.position');
}

/** Lowest id first. */
async function read(db: Kysely<Schema>, narrow: (query: UserQuery) => UserQuery): Promise<UserRecord[]> {
  const users: (UserRecord & { logins: Login[] })[] = [];
  for (const row of (await narrow(userQuery(db)).execute()) as UserRow[]) {
    let user = users.at(-1);
    if (user?.id !== row.id) {
      const { id, email, created } = row;
      // A copy: the driver's Buffer is a window into a pool, and the whole pool would cross to main.
      const password = row.password && new Uint8Array(row.password);
      user = { id, logins: [], email, locked: row.locked !== 0, password, created };
      users.push(user);
    }
    if (row.name !== null) user.logins.push({ name: row.name, domain: row.domain ?? '' });
  }
  return users;
}

/** An asked login without domain is answered by any. */
function answers(has: Login, asked: Login): boolean {
  return has.name === asked.name && (asked.domain === '' || has.domain === asked.domain);
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
