/**
 * What an administrator can do, put together from the parts of core. Used by the running server for its control socket and
 * HTTP, and by the command line beside a stopped one. Each change is in the audit trail, durable, before it counts as done.
 *
 * Errors: see admin/types.ts.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { type AuditFields, auditLine } from '../audit/events.ts';
import { type AuditFieldsFound, searchTrail } from '../audit/search.ts';
import type { AuditLines } from '../audit/types.ts';
import { verifyTrail } from '../audit/verify.ts';
import type { SessionInfo } from '../doors/types.ts';
import { commit } from '../journal/commit.ts';
import type { Journal } from '../journal/types.ts';
import type { PolicyRules } from '../policy/rules.ts';
import type { RadiusClientList, RadiusClientView } from '../radius/clients.ts';
import type { RealmDirectory } from '../realms/realms.ts';
import type { SerTables } from '../ser/types.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import type { CodeSender } from '../sms/sender.ts';
import type { PolicyStore } from '../storage/types.ts';
import type { TokenDesk } from '../tokens/types.ts';
import type { LockedNames } from '../users/locked-names.ts';
import type { UserNumbers } from '../users/numbers.ts';
import type { Login } from '../users/store.ts';
import type { Vouchers } from '../vouchers/vouchers.ts';
import type { Contact, ContactTable, ContactTables } from './contact-tables.ts';
import { asLocked, lockCalls } from './locks.ts';
import { loginText, parseLogin } from './login.ts';
import type { Management } from './management.ts';
import { numberCalls } from './numbers.ts';
import { policyCalls } from './policies.ts';
import { radiusCalls } from './radius.ts';
import { realmCalls } from './realms.ts';
import { type FindRows, rowCalls } from './ser-rows.ts';
import { sessionCalls } from './sessions.ts';
import { smsCalls } from './sms.ts';
import { tokenCalls } from './tokens.ts';
import {
  type Administration,
  type AuditQuestion,
  type AuditReport,
  type BindingView,
  IMPORT_PIECE,
  type LoginText,
  type NewUserFields,
  type ReloadReport,
  type UserView,
} from './types.ts';
import type { NewUser, UserBook } from './user-book.ts';
import { checkMobile, checkPassword, checkRpid } from './user-fields.ts';
import { voucherCalls } from './vouchers.ts';

export interface AdministrationParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly book: UserBook;
  readonly contacts: ContactTables;
  readonly tables: SerTables;
  /** The small tables of the script. */
  readonly findRows: FindRows;
  readonly policies: PolicyStore;
  /** The rules in force. */
  readonly rules: PolicyRules;
  readonly sms: CodeSender;
  readonly realms: RealmDirectory;
  readonly radiusClients: RadiusClientList;
  /** Those of gatehouse.yaml. */
  readonly configuredRadiusClients: readonly RadiusClientView[];
  readonly vouchers: Vouchers;
  readonly tokens: TokenDesk;
  readonly locks: LockedNames;
  readonly numbers: UserNumbers;
  /** Absent beside a stopped server: nobody is in. */
  readonly sessions?: SessionDirectory;
  readonly management?: Management;
  /** Told of each user we changed, so that caches read anew. */
  changed(name: string): void;
  /** Given to logins without a domain (SIP_DOMAIN); empty: none. */
  readonly defaultDomain: string;
  readonly auditDirectory: string;
  readonly auditKey: Buffer;
  /** Who acts, as the audit trail names it: `command line (uid 0)`, `admin NAME from ADDRESS`. */
  readonly actor: string;
  setAdminPassword(name: string, password: string, by: string): Promise<void>;
  status(): ReturnType<Administration['status']>;
  /** `record` writes the audit line, before anything changes. */
  reload(by: string, record: (fields: AuditFields) => Promise<void>): Promise<ReloadReport>;
}

/** Where serctl keeps aliases, which no user's login may overlap with. */
const ALIASES = 'aliases';
const LOCATION = 'location';
/** Of one answer; the FIFO writes longer ones. */
const MANAGEMENT_LINES = 200_000;

const MAC = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

export function createAdministration(parts: AdministrationParts): Administration {
  const { book, clock } = parts;
  const administration: Administration = {
    addUser,
    setPassword,
    setEmail,
    setMobile,
    setRpid,
    removeUser,
    ...lockCalls({ ...parts, resolve, event, endAll }),
    showUser: async (login) => asLocked(await book.show(await resolve(login)), parts.locks),
    listUsers: async (options) => (await book.list(options)).map((user) => asLocked(user, parts.locks)),
    importUsers,
    ...numberCalls({ numbers: parts.numbers, book, realms: parts.realms, resolve, event }),
    who,
    kick,
    showBindings,
    listBindings,
    addBinding,
    removeBindings,
    ...policyCalls({
      store: parts.policies,
      rules: parts.rules,
      book,
      locks: parts.locks,
      now: () => clock.now(),
      event,
      resolve,
    }),
    ...rowCalls({ tables: parts.tables, journal: parts.journal, find: parts.findRows, event }),
    manage,
    ...smsCalls(parts.sms, parts.rules, event),
    ...realmCalls(parts.realms, event),
    ...radiusCalls(
      parts.radiusClients,
      parts.rules.replies,
      running,
      parts.configuredRadiusClients,
      event,
      parts.actor,
    ),
    ...sessionCalls(running, parts.actor),
    ...voucherCalls(parts.vouchers, event, parts.sessions),
    ...tokenCalls({ desk: parts.tokens, realms: parts.realms, actor: parts.actor }),
    setAdminPassword: (name, password) => parts.setAdminPassword(name, password, parts.actor),
    verifyAudit: (): Promise<AuditReport> => verifyTrail(parts.auditDirectory, parts.auditKey),
    listAudit: ({ limit, ...question }) => {
      const matches = (fields: AuditFieldsFound) => isAskedFor(fields, question);
      return searchTrail(parts.auditDirectory, parts.auditKey, { matches, skip: 0, limit });
    },
    reload: () => parts.reload(parts.actor, (fields) => record('reload', fields)),
    status: () => parts.status(),
  };
  return administration;

  async function addUser(user: NewUserFields): Promise<UserView> {
    const fresh = newUser(user);
    refuseAlias(fresh.login, await parts.contacts.open(ALIASES));
    const view = await book.add(fresh, event('add-user', { user: loginText(fresh.login) }));
    parts.changed(fresh.login.name);
    return asLocked(view, parts.locks);
  }

  async function setPassword(text: LoginText, password: string): Promise<void> {
    checkPassword(password);
    const login = await resolve(text);
    await book.setPassword(login, password, event('set-password', { user: loginText(login) }));
    parts.changed(login.name);
  }

  async function setEmail(text: LoginText, email: string): Promise<void> {
    const login = await resolve(text);
    await book.setEmail(login, email, event('set-email', { user: loginText(login) }));
    parts.changed(login.name);
  }

  async function setMobile(text: LoginText, mobile: string): Promise<void> {
    checkMobile(mobile);
    const login = await resolve(text);
    await book.setMobile(login, mobile, event('set-mobile', { user: loginText(login) }));
    parts.changed(login.name);
  }

  async function setRpid(text: LoginText, rpid: string): Promise<void> {
    checkRpid(rpid);
    const login = await resolve(text);
    await book.setRpid(login, rpid, event('set-rpid', { user: loginText(login) }));
    parts.changed(login.name);
  }

  async function removeUser(text: LoginText): Promise<void> {
    const login = await resolve(text);
    const { id } = await book.show(login);
    await book.remove(login, event('remove-user', { user: loginText(login) }));
    parts.changed(login.name);
    await parts.numbers.removeAll(id);
    await endAll(login, 'removed', (await book.named(login.name)).length === 0);
  }

  /** `alone`: nobody else has the name, so that a session under another domain than the login, or none, can only be this user's. */
  async function endAll(login: Login, reason: 'kicked' | 'removed', alone: boolean): Promise<number> {
    const { sessions } = parts;
    if (!sessions)
      return (await (await parts.contacts.open(LOCATION))?.remove(loginText(login), undefined, reason)) ?? 0;
    const users = alone ? [...sessions.who(login.name)].map(({ user }) => user) : [];
    let ended = 0;
    for (const user of new Set([loginText(login), ...users])) ended += await sessions.endAll(user, reason);
    return ended;
  }

  async function importUsers(users: NewUserFields[]): Promise<{ added: number; existing: LoginText[] }> {
    // All are looked at before the first is written: a faulty line adds nothing.
    const aliases = await parts.contacts.open(ALIASES);
    const all = new Map<LoginText, NewUser>();
    const existing: LoginText[] = [];
    for (const user of users.map(newUser)) {
      const text = loginText(user.login);
      refuseAlias(user.login, aliases);
      if (all.has(text)) existing.push(text);
      else all.set(text, user);
    }
    let added = 0;
    for (const piece of pieces([...all.values()], IMPORT_PIECE)) {
      const taken = new Set((await book.taken(piece.map(({ login }) => login))).map(loginText));
      existing.push(...taken);
      const missing = piece.filter(({ login }) => !taken.has(loginText(login)));
      if (missing.length === 0) continue;
      added += await book.addMany(missing, event('import-users', { count: missing.length }));
      for (const { login } of missing) parts.changed(login.name);
    }
    return { added, existing };
  }

  async function who(text?: LoginText): Promise<SessionInfo[]> {
    const user = text === undefined ? undefined : loginText(parseLogin(text, ''));
    return [...running().who(user)];
  }

  async function kick(what: string): Promise<number> {
    const sessions = running();
    if (!what.includes(':')) {
      const user = whose(sessions, what);
      const ended = await sessions.endAll(user, 'kicked');
      await record('kick', { user, count: ended });
      return ended;
    }
    if (await sessions.end(what, 'kicked')) {
      await record('kick', { session: what });
      return 1;
    }
    // On Wi-Fi a card's address stands for whoever gave no name.
    const ended = MAC.test(what) ? await sessions.endAll(what.toLowerCase(), 'kicked') : 0;
    if (ended === 0) throw new GatehouseError('SESSION_UNKNOWN', `there is no session ${what}`);
    await record('kick', { user: what.toLowerCase(), count: ended });
    return ended;
  }

  async function showBindings(name: string, login: LoginText): Promise<BindingView[]> {
    const table = await open(name);
    const aor = loginText(parse(login));
    return table.bindings(aor).map((contact) => view(name, aor, contact));
  }

  async function listBindings(name: string): Promise<BindingView[]> {
    const table = await open(name);
    return [...table.aors()].flatMap((aor) => table.bindings(aor).map((contact) => view(name, aor, contact)));
  }

  async function addBinding(binding: Parameters<Administration['addBinding']>[0]): Promise<void> {
    const { table: name, contact, seconds, q } = binding;
    const login = parse(binding.login);
    if (!/^(sips?:|tel:)[\u0021-\u007e]{1,248}$/i.test(contact) || /[<>"]/.test(contact)) {
      throw new GatehouseError('CONTACT_INVALID', `${JSON.stringify(contact.slice(0, 80))} is no contact`, {
        hint: 'write a SIP URI of at most 255 characters, such as sip:1000@192.0.2.7:5060',
      });
    }
    if (!(seconds >= 0 && seconds <= 2 ** 31) || !(q === -1 || (q >= 0 && q <= 1))) {
      throw new GatehouseError('CONTACT_INVALID', 'a contact needs 0 or more seconds and a q between 0 and 1');
    }
    const table = await open(name);
    if (name === ALIASES && (await book.taken([login])).length > 0) {
      throw new GatehouseError(
        'USER_EXISTS',
        `${loginText(login)} is a user, and an alias must not have the same name`,
      );
    }
    const expires = seconds === 0 ? 0 : clock.now() + seconds * 1000;
    await table.put(loginText(login), contact, { expires, q });
    await record('add-binding', { user: loginText(login), table: name, contact });
  }

  async function removeBindings(name: string, text: LoginText, contact?: string): Promise<number> {
    const table = await open(name);
    const aor = loginText(parse(text));
    const removed = await table.remove(aor, contact, 'removed');
    await record('remove-bindings', { user: aor, table: name, contact, count: removed });
    return removed;
  }

  async function manage(command: string, args: string[]): ReturnType<Administration['manage']> {
    if (!parts.management) throw notRunning('nobody takes commands');
    const { status, reason, lines } = await parts.management.command(administration, command, args);
    const texts: string[] = [];
    for (const line of lines) {
      if (texts.length === MANAGEMENT_LINES) {
        throw new GatehouseError('ANSWER_TOO_LONG', `the answer has more than ${MANAGEMENT_LINES} lines`, {
          hint: 'ask for less, or over the FIFO',
        });
      }
      texts.push(typeof line === 'string' ? line : `${line[0]}: ${line[1]}`);
    }
    return { status, reason, lines: texts };
  }

  function newUser({ login, password, email = '', mobile = '' }: NewUserFields): NewUser {
    checkPassword(password);
    checkMobile(mobile);
    return { login: parse(login), password, email, mobile };
  }

  /** The login of a user that is there: as it is written, or the only one with a name that is written without domain. */
  async function resolve(text: LoginText): Promise<Login> {
    const login = parse(text);
    if (text.includes('@')) return login;
    const named = await book.named(login.name);
    if (named.length === 0 || named.some(({ domain }) => domain === login.domain)) return login;
    theOnly(login.name, named.map(loginText));
    return named[0]!;
  }

  function parse(login: LoginText): Login {
    return parseLogin(login, parts.defaultDomain);
  }

  async function open(name: string): Promise<ContactTable> {
    const table = await parts.contacts.open(name);
    if (table) return table;
    throw new GatehouseError('TABLE_UNKNOWN', `there is no table of contacts ${JSON.stringify(name.slice(0, 80))}`, {
      hint: 'use a table that the SIP configuration names in save() or lookup(), e.g. location or aliases',
    });
  }

  function refuseAlias(login: Login, aliases: ContactTable | undefined): void {
    if (!aliases || aliases.bindings(loginText(login)).length === 0) return;
    throw new GatehouseError('ALIAS_EXISTS', `${loginText(login)} is an alias of somebody already`, {
      hint: `remove it first: serctl alias rm ${loginText(login)}`,
    });
  }

  function running(): SessionDirectory {
    if (parts.sessions) return parts.sessions;
    throw notRunning('nobody is in');
  }

  function event(action: string, fields: AuditFields): AuditLines {
    return [auditLine(clock.now(), 'admin', { action, by: parts.actor, ...fields })];
  }

  function record(action: string, fields: AuditFields): Promise<void> {
    return commit(
      parts.journal,
      event(action, fields).map((line) => ({ kind: 'audit', line })),
    );
  }

  function view(table: string, aor: string, contact: Contact): BindingView {
    const { q, expires, callId, cseq, userAgent, received } = contact;
    const left = expires === 0 ? null : Math.max(0, Math.round((expires - clock.now()) / 1000));
    return {
      table,
      aor,
      contact: contact.contact,
      q: q < 0 ? null : q,
      expires: left,
      callId,
      cseq,
      userAgent,
      received,
    };
  }
}

/** As `resolve`, of those who are in: their sessions may be under the name alone, where the SIP script leaves domains out. */
function whose(sessions: SessionDirectory, text: LoginText): LoginText {
  const login = parseLogin(text, '');
  if (login.domain !== '') return loginText(login);
  const users = [...new Set([...sessions.who(login.name)].map(({ user }) => user))];
  if (users.length === 0 || users.includes(login.name)) return login.name;
  return theOnly(login.name, users);
}

function notRunning(so: string): GatehouseError {
  return new GatehouseError('SERVER_NOT_RUNNING', `the server does not run, so ${so}`, {
    hint: 'start it with: gatehouse up',
  });
}

/** Errors: USER_AMBIGUOUS. */
function theOnly(name: string, logins: readonly LoginText[]): LoginText {
  if (logins.length === 1) return logins[0]!;
  const some = logins.slice(0, 10).join(', ') + (logins.length > 10 ? ', …' : '');
  throw new GatehouseError('USER_AMBIGUOUS', `several users are called ${name}: ${some}`, {
    hint: 'write the one you mean with its domain',
  });
}

function* pieces<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
}

function isAskedFor(fields: AuditFieldsFound, { user, door, event }: Omit<AuditQuestion, 'limit'>): boolean {
  if ((door ?? fields.door) !== fields.door || (event ?? fields.event) !== fields.event) return false;
  return user === undefined || fields.user === user || String(fields.user).startsWith(`${user}@`);
}
