/**
 * Users in an attached `subscriber` table, written as SER's own tools do: clear password, ha1, ha1b and a row in `uri`. A value
 * longer than its column is refused by SerTables (SER_VALUE_TOO_LONG), never cut. Unicode here, wire texts in the table.
 *
 * ha1 = MD5(user:domain:password), ha1b = MD5(user@domain:domain:password).
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditLines } from '../audit/types.ts';
import { digestHash } from '../proofs/digest-hash.ts';
import type { NewSubscriber, SerTables, SubscriberName, SubscriberRow, SubscriberSpec, UriSpec } from '../ser/types.ts';
import { unicodeText, wireText } from '../ser/wire-text.ts';
import type { Login } from '../users/store.ts';
import { loginText } from './login.ts';
import type { UserView } from './types.ts';
import type { NewUser, UserBook } from './user-book.ts';

export interface AttachedBookParts {
  readonly tables: SerTables;
  readonly subscriber: SubscriberSpec;
  readonly uri?: UriSpec;
  /** Of our own tables, which may have a user of that login, too. */
  readonly own: Pick<UserBook, 'setLocked'>;
}

export function attachedBook({ tables, subscriber, uri, own }: AttachedBookParts): UserBook {
  const both = { subscriber, ...(uri ? { uri } : {}) };
  /** The table as its owner's tools fill it, whatever columns the script reads. */
  const whole: SubscriberSpec = {
    ...subscriber,
    passwordColumn: 'password',
    passwordColumn2: 'ha1',
    columns: ['ha1b', 'email_address', 'rpid'],
  };
  return { add, addMany, taken, named, setPassword, setEmail, setMobile, setRpid, setLocked, remove, show, list };

  async function add(user: NewUser, audit: AuditLines): Promise<UserView> {
    const { login } = user;
    if (user.mobile !== '') throw noMobile();
    if ((await taken([login])).length > 0) {
      throw new GatehouseError('USER_EXISTS', `there is a user ${loginText(login)} already`);
    }
    await tables.addUsers(both, [newRow(user)], audit);
    return show(login);
  }

  async function addMany(users: readonly NewUser[], audit: AuditLines): Promise<number> {
    if (users.some(({ mobile }) => mobile !== '')) throw noMobile();
    await tables.addUsers(both, users.map(newRow), audit);
    return users.length;
  }

  async function taken(logins: readonly Login[]): Promise<Login[]> {
    // The table's collation may take another spelling for the same name: the login counts as it was asked for.
    const there = new Set<string>();
    const [bare, domained] = [
      logins.filter(({ domain }) => domain === ''),
      logins.filter(({ domain }) => domain !== ''),
    ];
    for (const { username, domain } of await read(bare)) there.add(loginKey(username, domain));
    // A table without domains has each name once, whatever domain is asked for.
    const inDomains = await read(domained);
    const names = new Set(
      inDomains.filter(({ domain }) => domain === '').map(({ username }) => loginKey(username, '')),
    );
    for (const { username, domain } of inDomains) there.add(loginKey(username, domain));
    return logins.filter(({ name, domain }) => {
      const username = wireText(name);
      return there.has(loginKey(username, wireText(domain))) || (domain !== '' && names.has(loginKey(username, '')));
    });
  }

  async function named(name: string): Promise<Login[]> {
    const rows = await read([{ name, domain: '' }]);
    return rows.map(({ username, domain }) => ({ name: unicodeText(username), domain: unicodeText(domain) }));
  }

  async function setPassword(login: Login, password: string, audit: AuditLines): Promise<void> {
    const { username, domain, values } = await find(login);
    await tables.updateSubscriber(subscriber, filled(username, domain, wireText(password), values[1] ?? ''), audit);
  }

  async function setEmail(login: Login, email: string, audit: AuditLines): Promise<void> {
    const { username, domain, password, password2, values } = await find(login);
    const row = { username, domain, password, ha1: password2, ha1b: values[0] ?? '', email: wireText(email) };
    await tables.updateSubscriber(subscriber, row, audit);
  }

  async function setRpid(login: Login, rpid: string, audit: AuditLines): Promise<void> {
    const { username, domain, password, password2, values } = await find(login);
    const [ha1b, email] = values;
    const row = { username, domain, password, ha1: password2, ha1b: ha1b ?? '', email: email ?? '' };
    await tables.updateSubscriber(subscriber, { ...row, rpid: wireText(rpid) }, audit);
  }

  async function setMobile(): Promise<void> {
    throw noMobile();
  }

  function noMobile(): GatehouseError {
    return new GatehouseError('USER_NO_MOBILE', `the table ${subscriber.table} has no place for a mobile number`, {
      hint: 'keep the numbers where your SIP users are administered, and make a resolver of it: gatehouse resolver set --help',
    });
  }

  /** A lock in our own tables would hold for namesakes in other domains of this one: it is only taken away there. */
  async function setLocked(login: Login, locked: boolean, audit: AuditLines): Promise<boolean> {
    return !locked && own.setLocked(login, false, audit);
  }

  async function remove(login: Login, audit: AuditLines): Promise<void> {
    const { username, domain } = await find(login);
    await tables.removeUser(both, { username, domain }, audit);
  }

  async function show(login: Login): Promise<UserView> {
    return view(await find(login));
  }

  async function list(options: { prefix?: string; after?: string; limit: number }): Promise<UserView[]> {
    const { prefix, after, limit } = options;
    const rows = await tables.listSubscribers(whole, {
      limit,
      ...(prefix === undefined ? {} : { prefix: wireText(prefix) }),
      ...(after === undefined ? {} : { after: nameOf(after.slice(after.indexOf(':') + 1)) }),
    });
    return rows.map(view);
  }

  async function read(logins: readonly Login[]): Promise<SubscriberRow[]> {
    return tables.readSubscribers(
      whole,
      logins.map(({ name, domain }) => ({ username: wireText(name), domain: wireText(domain) })),
    );
  }

  async function find(login: Login): Promise<SubscriberRow> {
    const rows = await read([login]);
    // Without a domain the table answers with the rows of all.
    const row = rows.find(({ domain }) => login.domain !== '' || domain === '');
    if (row) return row;
    throw new GatehouseError('USER_UNKNOWN', `there is no user ${loginText(login)} in the table ${subscriber.table}`);
  }

  function view(row: SubscriberRow): UserView {
    const { table } = subscriber;
    const name = unicodeText(row.username);
    const domain = unicodeText(row.domain);
    return {
      id: `${table}:${domain === '' && !name.includes('@') ? name : `${name}@${domain}`}`,
      logins: [loginText({ name, domain })],
      email: unicodeText(row.values[1] ?? ''),
      mobile: '',
      rpid: unicodeText(row.values[2] ?? ''),
      locked: false,
      created: null,
      source: table,
    };
  }
}

/** The end of an id: what stands behind its last @ is the domain. */
function nameOf(text: string): SubscriberName {
  const at = text.lastIndexOf('@');
  if (at < 0) return { username: wireText(text), domain: '' };
  return { username: wireText(text.slice(0, at)), domain: wireText(text.slice(at + 1)) };
}

/** As the collations of the stock schemas compare: in any case. */
function loginKey(username: string, domain: string): string {
  return `${username}\n${domain}`.toLowerCase();
}

function newRow({ login, password, email }: NewUser): NewSubscriber {
  return filled(wireText(login.name), wireText(login.domain), wireText(password), wireText(email));
}

/** All texts as they go over the wire. */
function filled(username: string, domain: string, password: string, email: string): NewSubscriber {
  return {
    username,
    domain,
    password,
    ha1: md5Hex(`${username}:${domain}:${password}`),
    ha1b: md5Hex(`${username}@${domain}:${domain}:${password}`),
    email,
  };
}

function md5Hex(text: string): string {
  return digestHash(text, 'MD5');
}
