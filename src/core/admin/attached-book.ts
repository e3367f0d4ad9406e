/**
 * Users in an attached `subscriber` table, written as SER's own tools do: clear password, ha1, ha1b and a row in `uri`. A value
 * longer than its column is refused by SerTables (SER_VALUE_TOO_LONG), never cut.
 *
 * ha1 = MD5(user:domain:password), ha1b = MD5(user@domain:domain:password).
 */
import { GatehouseError } from '../../platform/errors.ts';
import { digestHa1 } from '../proofs/digest-hash.ts';
import type { NewSubscriber, SerTables, SubscriberRow, SubscriberSpec, UriSpec } from '../ser/types.ts';
import type { Login } from '../users/store.ts';
import { loginText } from './login.ts';
import type { UserView } from './types.ts';
import type { NewUser, UserBook } from './user-book.ts';

export interface AttachedBookParts {
  readonly tables: SerTables;
  readonly subscriber: SubscriberSpec;
  readonly uri?: UriSpec;
}

/** Rows written at a time while importing. */
const ROWS_AT_ONCE = 50;

export function attachedBook({ tables, subscriber, uri }: AttachedBookParts): UserBook {
  /** The table as its owner's tools fill it, whatever columns the script reads. */
  const whole: SubscriberSpec = {
    ...subscriber,
    passwordColumn: 'password',
    passwordColumn2: 'ha1',
    columns: ['ha1b', 'email_address'],
  };
  return { add, addMany, taken, setPassword, setEmail, remove, show, list };

  async function add(user: NewUser): Promise<UserView> {
    const { login } = user;
    if ((await read([login])).length > 0) {
      throw new GatehouseError('USER_EXISTS', `there is a user ${loginText(login)} already`);
    }
    await insert(user);
    return show(login);
  }

  async function addMany(users: readonly NewUser[]): Promise<number> {
    for (let i = 0; i < users.length; i += ROWS_AT_ONCE)
      await Promise.all(users.slice(i, i + ROWS_AT_ONCE).map(insert));
    return users.length;
  }

  async function insert({ login, password, email }: NewUser): Promise<void> {
    await tables.insertSubscriber(subscriber, filled(login.name, login.domain, password, email));
    if (uri) await tables.insertUri(uri, login.name, login.domain, login.name);
  }

  async function taken(logins: readonly Login[]): Promise<Login[]> {
    return (await read(logins)).map(({ username, domain }) => ({ name: username, domain }));
  }

  async function setPassword(login: Login, password: string): Promise<void> {
    const { username, domain, values } = await find(login);
    await tables.updateSubscriber(subscriber, filled(username, domain, password, values[1] ?? ''));
  }

  async function setEmail(login: Login, email: string): Promise<void> {
    const { username, domain, password, password2, values } = await find(login);
    const row = { username, domain, password, ha1: password2, ha1b: values[0] ?? '', email };
    await tables.updateSubscriber(subscriber, row);
  }

  async function remove(login: Login): Promise<void> {
    const { username, domain } = await find(login);
    if (uri) await tables.deleteUris(uri, username, domain);
    await tables.deleteSubscriber(subscriber, { username, domain });
  }

  async function show(login: Login): Promise<UserView> {
    return view(await find(login));
  }

  async function list(options: { prefix?: string; after?: string; limit: number }): Promise<UserView[]> {
    if (!tables.listSubscribers) {
      throw new GatehouseError(
        'STORAGE_REFUSED',
        `the users of the attached table ${subscriber.table} cannot be listed`,
      );
    }
    const { prefix, limit } = options;
    const after = options.after?.slice(options.after.indexOf(':') + 1);
    const how = { limit, ...(prefix === undefined ? {} : { prefix }), ...(after === undefined ? {} : { after }) };
    return (await tables.listSubscribers(whole, how)).map(view);
  }

  function read(logins: readonly Login[]): Promise<SubscriberRow[]> {
    return tables.readSubscribers(
      whole,
      logins.map(({ name, domain }) => ({ username: name, domain })),
    );
  }

  async function find(login: Login): Promise<SubscriberRow> {
    const [row] = await read([login]);
    if (row) return row;
    throw new GatehouseError('USER_UNKNOWN', `there is no user ${loginText(login)} in the table ${subscriber.table}`);
  }

  function view(row: SubscriberRow): UserView {
    const login = loginText({ name: row.username, domain: row.domain });
    const { table } = subscriber;
    return {
      id: `${table}:${login}`,
      logins: [login],
      email: row.values[1] ?? '',
      locked: false,
      created: null,
      source: table,
    };
  }
}

function filled(username: string, domain: string, password: string, email: string): NewSubscriber {
  return {
    username,
    domain,
    password,
    ha1: wireHa1(username, domain, password),
    ha1b: wireHa1(`${username}@${domain}`, domain, password),
    email,
  };
}

/** Names of the database are Unicode, those of a digest are their UTF-8 bytes. */
function wireHa1(username: string, realm: string, password: string): string {
  return digestHa1(wire(username), wire(realm), password, 'MD5');
}

function wire(text: string): string {
  return Buffer.from(text).toString('latin1');
}
