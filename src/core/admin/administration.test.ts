import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { GatehouseError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { TimerWheel } from '../../platform/timer-wheel.ts';
import type { AuditLines } from '../audit/types.ts';
import type { Door } from '../doors/types.ts';
import type { Change, Waiter } from '../journal/types.ts';
import { Limits } from '../limits/limits.ts';
import { PolicyRules } from '../policy/rules.ts';
import { RadiusClientList } from '../radius/clients.ts';
import { fakeRealms } from '../realms/fake.ts';
import { keyringOf } from '../secrets/keyring.ts';
import type { BindingRow, NewSubscriber, SerTables, SubscriberName, SubscriberSpec, UserTables } from '../ser/types.ts';
import { SessionDirectory } from '../sessions/directory.ts';
import { CodeSender } from '../sms/sender.ts';
import { fakeTokens } from '../tokens/fake.ts';
import { passwordSeal } from '../users/local-users.ts';
import { LockedNames } from '../users/locked-names.ts';
import { NameLocks } from '../users/name-locks.ts';
import { UserNumbers } from '../users/numbers.ts';
import type { Login, UserRecord, UserStore } from '../users/store.ts';
import { Vouchers } from '../vouchers/vouchers.ts';
import { type AdministrationParts, createAdministration } from './administration.ts';
import { createAdmins, generatePassword } from './admins.ts';
import { attachedBook } from './attached-book.ts';
import { localBook } from './local-book.ts';
import { parseLogin } from './login.ts';
import { storedContacts } from './stored-contacts.ts';

const NOW = 1_700_000_000_000;
const clock = { now: () => NOW, monotonic: () => NOW };
const keyring = keyringOf(Buffer.alloc(32, 5));
const SUBSCRIBER: SubscriberSpec = {
  database: 'main',
  table: 'subscriber',
  userColumn: 'username',
  domainColumn: 'domain',
  passwordColumn: 'ha1',
  passwordColumn2: 'ha1b',
  columns: ['rpid'],
};
const URI = {
  database: 'main',
  table: 'uri',
  userColumn: 'username',
  domainColumn: 'domain',
  uriUserColumn: 'uri_user',
};

const SHOWN_IN = { subscriber: SUBSCRIBER, uri: URI };

type Record = (lines: AuditLines | undefined) => void;

function memoryStore(record: Record) {
  const users: UserRecord[] = [];
  const shown: (UserTables | undefined)[] = [];
  const has = (user: UserRecord, { name, domain }: Login, exactly = false) =>
    user.logins.some((l) => l.name === name && ((domain === '' && !exactly) || l.domain === domain));
  const store: UserStore = {
    find: async (logins) =>
      logins.flatMap((login) => {
        const user = users.find((one) => has(one, login, true)) ?? users.find((one) => has(one, login));
        return user ? [{ login, user }] : [];
      }),
    named: async (name) => users.flatMap(({ logins }) => logins.filter((login) => login.name === name)),
    list: async ({ after = 0, limit }) => users.filter(({ id }) => id > after).slice(0, limit),
    count: async () => users.length,
    lockedNames: async () => [],
    async create(user, seal, shownIn, audit) {
      if (users.some((one) => user.logins.some((login) => has(one, login, true))))
        throw new GatehouseError('USER_EXISTS', 'taken');
      const id = users.length + 1;
      const made = { id, locked: false, mobile: '', rpid: '', password: seal(id), ...user };
      users.push(made);
      shown.push(shownIn);
      record(audit);
      return made;
    },
    async createMany(many, seal, _shownIn, audit) {
      for (const [i, user] of many.entries()) await store.create(user, (id) => seal(i, id));
      record(audit);
      return many.length;
    },
    update: async (id, change, _shownIn, audit) => {
      const at = users.findIndex((user) => user.id === id);
      users[at] = { ...users[at]!, ...change };
      record(audit);
    },
    remove: async (id, shownIn, audit) => {
      shown.push(shownIn);
      record(audit);
      users.splice(
        users.findIndex((user) => user.id === id),
        1,
      );
    },
  };
  return { users, shown, store };
}

function memoryTables(record: Record) {
  const rows: NewSubscriber[] = [];
  const uris: string[] = [];
  const is = (name: SubscriberName) => (row: NewSubscriber) =>
    row.username === name.username && (name.domain === '' || row.domain === name.domain);
  const isExactly = (name: SubscriberName) => (row: NewSubscriber) =>
    row.username === name.username && row.domain === name.domain;
  const tables = {
    open: async () => ({ attached: true, layout: 'ser-0.9' }),
    readSubscribers: async (spec: SubscriberSpec, names: readonly SubscriberName[]) => {
      assert.deepEqual(spec.columns, ['ha1b', 'email_address', 'rpid']);
      return names
        .flatMap((name) => rows.filter(is(name)))
        .map((row) => ({
          username: row.username,
          domain: row.domain,
          password: row.password,
          password2: row.ha1,
          values: [row.ha1b, row.email],
        }));
    },
    addUsers: async (_tables: unknown, fresh: readonly NewSubscriber[], audit?: AuditLines) => {
      if (fresh.some((row) => row.password.length > 25)) throw new GatehouseError('SER_VALUE_TOO_LONG', 'too long');
      for (const row of fresh) {
        rows.push(row);
        uris.push(`${row.username}@${row.domain}`);
      }
      record(audit);
    },
    updateSubscriber: async (_spec: SubscriberSpec, row: NewSubscriber, audit?: AuditLines) => {
      record(audit);
      rows[rows.findIndex(isExactly(row))] = row;
      return true;
    },
    removeUser: async (_tables: unknown, name: SubscriberName, audit?: AuditLines) => {
      record(audit);
      rows.splice(rows.findIndex(isExactly(name)), 1);
      uris.splice(uris.indexOf(`${name.username}@${name.domain}`), 1);
    },
    loadBindings: async (_spec: unknown, _now: number, onRows: (rows: BindingRow[]) => void) => onRows([]),
  } as Partial<SerTables> as SerTables;
  return { rows, uris, tables };
}

const RADIUS_CLIENT = {
  name: 'switches',
  network: '192.0.2.0/24',
  messageAuthenticator: 'required',
  proof: 'password',
  disconnectPort: 3799,
  mayDisconnect: false,
} as const;

function lab(kind: 'local' | 'attached', changes: Partial<AdministrationParts> = {}) {
  const written: Change[] = [];
  const record: Record = (lines = []) => void written.push(...lines.map((line) => ({ kind: 'audit' as const, line })));
  const { users, shown, store } = memoryStore(record);
  const ser = memoryTables(record);
  const journal = {
    append(unit: readonly Change[], waiter?: Waiter) {
      written.push(...unit);
      setImmediate(() => waiter?.settled(undefined));
    },
    drain: async () => {},
  };
  const changed: string[] = [];
  const own = localBook({ store, keyring, clock, shownIn: SHOWN_IN });
  const names = { tables: ser.tables, subscriber: SUBSCRIBER, uri: URI };
  const contacts = storedContacts({
    tables: ser.tables,
    journal,
    clock,
    spec: (table) =>
      table === 'unknown' ? undefined : { spec: { database: 'main', table, columns: {} }, useDomain: false },
  });
  const aliases = contacts.open('aliases');
  const shared: AdministrationParts = {
    clock,
    journal,
    book: kind === 'local' ? own : attachedBook({ ...names, own }),
    contacts: { open: (table) => (table === 'aliases' ? aliases : contacts.open(table)) },
    tables: ser.tables,
    findRows: () => undefined,
    policies: {
      list: async () => [],
      set: async (_rules, lines) => record(lines),
      remove: async (_name, lines) => record(lines),
    },
    rules: new PolicyRules(),
    realms: fakeRealms(),
    radiusClients: new RadiusClientList({ rows: { read: async () => [] }, journal, keyring }),
    vouchers: new Vouchers({ rows: { read: async () => [] }, journal, keyring, clock }),
    configuredRadiusClients: [{ ...RADIUS_CLIENT, name: 'core', network: '192.0.2.1' }],
    tokens: fakeTokens(),
    locks: new LockedNames(store, new NameLocks({ rows: { read: async () => [] }, journal })),
    numbers: new UserNumbers({ store: { read: async () => [] }, journal, key: Buffer.alloc(32) }),
    sms: new CodeSender({
      rows: { read: async () => [] },
      clock,
      journal,
      log: silentLog,
      rules: new PolicyRules(),
      classes: [],
      store: { list: async () => [], set: async () => {}, remove: async () => {} },
      keyring,
    }),
    changed: (name) => void changed.push(name),
    defaultDomain: 'example.com',
    reload: async () => ({ files: [], changed: [], waiting: [], problems: [] }),
    auditDirectory: '/nowhere',
    auditKey: Buffer.alloc(32),
    actor: 'test',
    setAdminPassword: () => Promise.reject(new Error('not here')),
    status: () => Promise.reject(new Error('not here')),
    ...changes,
  };
  /** Each who acts has his own. */
  const administrationOf = (actor: string) => createAdministration({ ...shared, actor });
  const administration = administrationOf('test');
  const audited = () => written.flatMap((c) => (c.kind === 'audit' ? [JSON.parse(c.line)] : []));
  return {
    administration,
    administrationOf,
    users,
    shown,
    changed,
    audited,
    written,
    journal,
    ...ser,
    numbers: shared.numbers,
  };
}

test('a local user: sealed password, shown in the SER tables, an audit line, caches told', async () => {
  const { administration, users, shown, audited, changed } = lab('local');
  const view = await administration.addUser({ login: '1000', password: 'sécret', email: 'a@b' });
  assert.deepEqual(view, {
    id: 'local:1',
    logins: ['1000@example.com'],
    email: 'a@b',
    mobile: '',
    rpid: '',
    locked: false,
    created: new Date(NOW).toISOString(),
    source: 'local',
  });
  assert.equal(keyring.open(users[0]!.password!, passwordSeal(1)), 'sécret');
  assert.deepEqual(changed, ['1000']);
  assert.deepEqual(audited(), [
    { time: new Date(NOW).toISOString(), event: 'admin', action: 'add-user', by: 'test', user: '1000@example.com' },
  ]);
  await assert.rejects(administration.addUser({ login: '1000', password: 'x' }), { code: 'USER_EXISTS' });
  await administration.setPassword('1000', 'other');
  assert.equal(keyring.open(users[0]!.password!, passwordSeal(1)), 'other');
  await administration.removeUser('1000@example.com');
  assert.equal(users.length, 0);
  assert.deepEqual(shown, [SHOWN_IN, SHOWN_IN]);
  await assert.rejects(administration.showUser('1000'), { code: 'USER_UNKNOWN' });
  assert.ok(!JSON.stringify(audited()).includes('other'));
});

test('a lock is the local user’s, durable with its audit line, and told to the caches', async () => {
  const { administration, users, changed, audited } = lab('local');
  await administration.addUser({ login: '1000', password: 'x' });
  assert.equal(await administration.lockUser('1000'), 0);
  assert.equal(users[0]!.locked, true);
  assert.equal((await administration.showUser('1000')).locked, true);
  await administration.unlockUser('1000');
  assert.equal(users[0]!.locked, false);
  assert.deepEqual(changed, ['1000', '1000', '1000']);
  assert.deepEqual(
    audited().map(({ action, user }) => [action, user]),
    ['add-user', 'lock-user', 'unlock-user'].map((action) => [action, '1000@example.com']),
  );
});

test('whoever has a name that no user of ours has is locked by it, one alone or in every domain', async () => {
  const { administration, written, audited } = lab('attached');
  for (const login of ['alice@a.example', 'alice@b.example', 'bob@a.example'])
    await administration.addUser({ login, password: 'x' });
  const locked = async () =>
    (await administration.listLocks({ limit: 9 })).map(({ login, of, by }) => `${login} ${of} ${by}`);
  await assert.rejects(administration.lockUser('alice'), { code: 'USER_AMBIGUOUS' });
  await administration.lockUser('alice@a.example');
  const [alice, other] = await Promise.all(
    ['alice@a.example', 'alice@b.example'].map((login) => administration.showUser(login)),
  );
  assert.deepEqual([alice?.locked, other?.locked], [true, false]);
  await administration.lockUser('bob');
  assert.equal((await administration.showUser('bob@a.example')).locked, true);
  assert.deepEqual(await locked(), ['alice@a.example name test', 'bob name test']);
  assert.deepEqual(await administration.listLocks({ prefix: 'b', limit: 9 }), [
    { login: 'bob', of: 'name', since: new Date(NOW).toISOString(), by: 'test' },
  ]);
  const why = async (user: string) => (await administration.explainPolicy({ user, door: 'sip', client: '' })).account;
  assert.deepEqual(
    [await why('alice@a.example'), await why('alice@b.example'), await why('bob'), await why('carol')],
    ['locked', 'open', 'locked', 'unknown'],
  );
  // The row and its audit line are one unit; nothing else was written for it.
  assert.equal(written.filter(({ kind }) => kind === 'put-own').length, 2);
  assert.deepEqual(audited().at(-1), {
    time: new Date(NOW).toISOString(),
    event: 'admin',
    action: 'lock-user',
    by: 'test',
    user: 'bob',
  });
  await assert.rejects(administration.unlockUser('bob@a.example'), { code: 'USER_LOCKED_BY_NAME' });
  await administration.unlockUser('bob');
  await administration.unlockUser('bob');
  await administration.unlockUser('alice@a.example');
  assert.deepEqual(await locked(), []);
  assert.equal((await administration.showUser('bob@a.example')).locked, false);
  await assert.rejects(administration.unlockUser('carol'), { code: 'USER_UNKNOWN' });
});

test('a user of our own who stands in an attached table, too, is locked by name and unlocked in either', async () => {
  const { administration, users } = lab('attached');
  const logins = [{ name: 'alice', domain: 'a.example' }];
  users.push({ id: 1, logins, email: '', mobile: '', rpid: '', locked: true, password: null, created: NOW });
  await administration.addUser({ login: 'alice@a.example', password: 'x' });
  await administration.unlockUser('alice@a.example');
  assert.equal(users[0]?.locked, false);
  await administration.lockUser('alice@a.example');
  assert.equal(users[0]?.locked, false);
  assert.equal((await administration.showUser('alice@a.example')).locked, true);
});

test('a name can be locked before somebody has it, and who is added under it begins locked', async () => {
  const { administration, users } = lab('local');
  await administration.lockUser('dave');
  assert.equal((await administration.addUser({ login: 'dave@a.example', password: 'x' })).locked, true);
  await administration.addUser({ login: 'dave@b.example', password: 'x' });
  assert.deepEqual(
    (await administration.listUsers({ limit: 9 })).map(({ locked }) => locked),
    [true, true],
  );
  await administration.lockUser('dave@a.example');
  // Of the name alone, since which of the two would be meant was not said.
  await administration.unlockUser('dave');
  assert.deepEqual(
    users.map(({ locked }) => locked),
    [true, false],
  );
  assert.equal((await administration.showUser('dave@b.example')).locked, false);
});

test('an attached table is filled as SER does, and a value too long is refused', async () => {
  const { administration, rows, uris } = lab('attached');
  await administration.addUser({ login: 'alice@a.example', password: 'secret', email: 'a@b' });
  assert.deepEqual(rows[0], {
    username: 'alice',
    domain: 'a.example',
    password: 'secret',
    ha1: 'c1315c20fa629201948ae020615aea75',
    ha1b: 'f8f5eca901c3b75a0bd64c0f580666e5',
    email: 'a@b',
  });
  assert.deepEqual(uris, ['alice@a.example']);
  await assert.rejects(administration.addUser({ login: 'bob', password: 'x'.repeat(26) }), {
    code: 'SER_VALUE_TOO_LONG',
  });
  await assert.rejects(administration.addUser({ login: 'alice@a.example', password: 'x' }), { code: 'USER_EXISTS' });
  const before = rows[0]!;
  await administration.setEmail('alice@a.example', 'new@b');
  assert.deepEqual(rows[0], { ...before, email: 'new@b' });
  await administration.setPassword('alice@a.example', 'changed');
  assert.equal(rows[0]!.email, 'new@b');
  assert.equal(rows[0]!.password, 'changed');
  assert.notEqual(rows[0]!.ha1, before.ha1);
});

test('an import adds what is new, counts the rest, and nothing when a line is faulty', async () => {
  const { administration, users } = lab('local');
  await administration.addUser({ login: 'u1', password: 'x' });
  const many = Array.from({ length: 700 }, (_, i) => ({ login: `u${i}`, password: 'p' }));
  const report = await administration.importUsers([...many, { login: 'u5', password: 'q' }]);
  assert.equal(report.added, 699);
  assert.deepEqual(report.existing.sort(), ['u1@example.com', 'u5@example.com']);
  assert.equal(users.length, 700);
  await assert.rejects(
    administration.importUsers([
      { login: 'v', password: 'p' },
      { login: 'w', password: '' },
    ]),
    {
      code: 'PASSWORD_EMPTY',
    },
  );
  assert.equal(users.length, 700);
});

test('aliases and users do not overlap; contacts are checked, shown and removed', async () => {
  const { administration } = lab('local');
  const add = (login: string, contact: string) =>
    administration.addBinding({ table: 'aliases', login, contact, seconds: 60, q: 1 });
  await add('info', 'sip:1000@example.com');
  await assert.rejects(administration.addUser({ login: 'info', password: 'x' }), { code: 'ALIAS_EXISTS' });
  await administration.addUser({ login: '1000', password: 'x' });
  await assert.rejects(add('1000', 'sip:a@b'), { code: 'USER_EXISTS' });
  for (const bad of ['', 'sip:', 'sip:a b', 'sip:a@b\r\nX: y', 'http://x', '<sip:a@b>', `sip:${'x'.repeat(260)}`]) {
    await assert.rejects(add('info', bad), { code: 'CONTACT_INVALID' }, bad);
  }
  const [binding] = await administration.showBindings('aliases', 'info');
  assert.deepEqual([binding?.contact, binding?.expires, binding?.q], ['sip:1000@example.com', 60, 1]);
  assert.equal((await administration.listBindings('aliases')).length, 1);
  assert.equal(await administration.removeBindings('aliases', 'info'), 1);
  assert.deepEqual(await administration.showBindings('aliases', 'info'), []);
  await assert.rejects(administration.listBindings('unknown'), { code: 'TABLE_UNKNOWN' });
});

test('who and kick ask the doors; without a running server they say so', async () => {
  const stopped = lab('local').administration;
  await assert.rejects(stopped.who(), { code: 'SERVER_NOT_RUNNING' });
  const open = new Set(['sip:1', 'sip:2']);
  const door = {
    name: 'sip',
    sessions: () =>
      [...open].map((session) => ({
        session,
        door: 'sip',
        user: 'alice',
        client: '',
        started: 0,
        expires: 0,
        detail: {},
      })),
    end: async (session: string) => open.delete(session),
  } as Partial<Door> as Door;
  const { administration, audited } = lab('local', { sessions: new SessionDirectory(() => [door]) });
  assert.equal((await administration.who('alice')).length, 2);
  assert.equal(await administration.kick('sip:1'), 1);
  await assert.rejects(administration.kick('sip:9'), { code: 'SESSION_UNKNOWN' });
  assert.equal(await administration.kick('alice'), 1);
  assert.deepEqual(
    audited().map(({ action }) => action),
    ['kick', 'kick'],
  );
});

for (const kind of ['local', 'attached'] as const) {
  test(`a login means exactly that one, a name alone the only one that has it: ${kind}`, async () => {
    const { administration } = lab(kind, { defaultDomain: '' });
    const { addUser, showUser, removeUser, setPassword, importUsers } = administration;
    const show = async (login: string) => (await showUser(login)).logins[0];
    await addUser({ login: '7@b.com', password: 'x' });
    assert.equal(await show('7'), '7@b.com');
    await addUser({ login: '7@c.com', password: 'x' });
    const ambiguous = { code: 'USER_AMBIGUOUS', message: /7@b\.com, 7@c\.com/ };
    for (const call of [show('7'), removeUser('7'), setPassword('7', 'y')]) await assert.rejects(call, ambiguous);
    await assert.rejects(show('7@d.com'), { code: 'USER_UNKNOWN' });
    assert.deepEqual(await importUsers([{ login: '7', password: 'x' }]), { added: 1, existing: [] });
    assert.equal(await show('7'), '7');
    await assert.rejects(addUser({ login: '7', password: 'x' }), { code: 'USER_EXISTS' });
    assert.deepEqual(await importUsers([{ login: '7', password: 'x' }]), { added: 0, existing: ['7'] });
    await removeUser('7');
    assert.equal(await show('7@b.com'), '7@b.com');
    assert.equal(await show('7@c.com'), '7@c.com');
  });
}

test('sessions end for the user who is meant, and for no namesake', async () => {
  const open = new Map([
    ['sip:1', '7@b.com'],
    ['sip:2', '7@c.com'],
    ['sip:3', '8@192.0.2.1'],
  ]);
  const door = {
    name: 'sip',
    sessions: () =>
      [...open].map(([session, user]) => ({
        session,
        user,
        door: 'sip',
        client: '',
        started: 0,
        expires: 0,
        detail: {},
      })),
    end: async (session: string) => open.delete(session),
  } as Partial<Door> as Door;
  const { administration } = lab('local', { defaultDomain: '', sessions: new SessionDirectory(() => [door]) });
  for (const login of ['7', '7@b.com', '8']) await administration.addUser({ login, password: 'x' });
  await assert.rejects(administration.kick('7'), { code: 'USER_AMBIGUOUS', message: /7@b\.com, 7@c\.com/ });
  await administration.removeUser('7');
  assert.equal(open.size, 3);
  await administration.removeUser('8');
  assert.deepEqual([...open.keys()], ['sip:1', 'sip:2'], 'under whichever domain, nobody else is called so');
  assert.equal(await administration.kick('7@b.com'), 1);
  assert.equal(await administration.kick('7'), 1, 'the only one left');
  assert.equal(await administration.kick('7'), 0);
});

test('an import takes no alias for a user', async () => {
  const { administration, users } = lab('local');
  await administration.addBinding({ table: 'aliases', login: 'info', contact: 'sip:1@a', seconds: 0, q: 1 });
  const many = ['1000', 'info'].map((login) => ({ login, password: 'x' }));
  const hint = 'remove it first: serctl alias rm info@example.com';
  await assert.rejects(administration.importUsers(many), { code: 'ALIAS_EXISTS', hint });
  assert.equal(users.length, 0);
});

test('logins are checked where they come in', () => {
  assert.deepEqual(parseLogin('1000', ''), { name: '1000', domain: '' });
  assert.deepEqual(parseLogin('a.b+c@Example.COM', 'x'), { name: 'a.b+c', domain: 'example.com' });
  for (const bad of ['', '@a', 'a@', 'a@b@c', 'a b', 'a:b', 'a\nb', 'a"b', 'a<b', 'x'.repeat(129)]) {
    assert.throws(() => parseLogin(bad, 'd'), { code: 'BAD_LOGIN' }, JSON.stringify(bad));
  }
});

test('the first administrator, wrong passwords, and the limit', async () => {
  const hashes = new Map<string, string>();
  const store = {
    count: async () => hashes.size,
    hash: async (name: string) => hashes.get(name),
    set: async (name: string, hash: string) => void hashes.set(name, hash),
  };
  const limits = new Limits(new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) }), clock, {
    maxDelayed: 0,
  });
  const { journal, audited } = lab('local');
  const admins = createAdmins({ store, limits, journal, clock });
  const client = { address: '192.0.2.1', port: 1 };
  const first = await admins.ensureFirst(undefined);
  assert.match(first?.generated ?? '', /^([a-hjkmnp-z2-9]{5}-){4}[a-hjkmnp-z2-9]{5}$/);
  assert.equal(await admins.ensureFirst('another one'), undefined);
  assert.equal(await admins.verify('admin', first!.generated!, client), true);
  assert.equal(await admins.verify('nobody', 'x', client), false);
  for (let i = 0; i < 5; i++) assert.equal(await admins.verify('admin', `wrong${i}`, client), false);
  assert.equal(await admins.verify('admin', first!.generated!, client), false, 'over the limit');
  assert.equal(await admins.verify('admin', first!.generated!, { address: '192.0.2.9', port: 1 }), true);
  const atOnce = Array.from({ length: 9 }, (_, i) => {
    return admins.verify(`nobody${i}`, 'x', { address: `192.0.2.${20 + i}`, port: 0 });
  });
  await assert.rejects(Promise.all(atOnce), { code: 'HTTP_BUSY' }, 'no time is no wrong password');
  await Promise.allSettled(atOnce);
  await assert.rejects(admins.setPassword('admin', 'short', 'me'), { code: 'ADMIN_PASSWORD_SHORT' });
  await assert.rejects(admins.setPassword('nobody', 'long enough', 'me'), { code: 'ADMIN_UNKNOWN' });
  await admins.setPassword('admin', 'another password', 'me');
  assert.equal(await admins.verify('admin', first!.generated!, { address: '192.0.2.9', port: 1 }), false);
  assert.equal(await admins.verify('admin', 'another password', { address: '192.0.2.9', port: 1 }), true);
  const set = audited().filter(({ action }) => action === 'set-admin-password');
  assert.deepEqual(
    set.map(({ by, user }) => [by, user]),
    [
      ['first start', 'admin'],
      ['me', 'admin'],
    ],
  );
  assert.equal(audited().filter(({ event }) => event === 'refused').length, 15);
  assert.notEqual(generatePassword(), generatePassword());
});

test('policies: faulty ones are refused before anything is written, changes take effect at once and are told of', async () => {
  const { administration, administrationOf, audited } = lab('local');
  const rule = { name: 'a', scope: 'sip', action: 'allow', user: '10*', realm: '', client: '', time: '', active: true };
  await administration.addUser({ login: '2000', password: 'x' });
  await assert.rejects(administration.setPolicies([rule, { ...rule, name: 'b', time: '* *' }]), {
    code: 'POLICY_INVALID',
  });
  assert.deepEqual(await administration.listPolicies(), { policies: [], contradictions: [], notices: [] });
  const changes = [rule, { ...rule, name: 'b', action: '!allow' }].map((one) =>
    administrationOf('test').setPolicies([one]),
  );
  const contradictions = [{ scope: 'sip', action: 'allow', rules: ['a', 'b'], counts: null }];
  assert.deepEqual((await Promise.all(changes)).at(-1), { contradictions, notices: [] });
  const asked = { user: '2000', door: 'sip', client: '192.0.2.1' };
  assert.equal((await administration.explainPolicy(asked)).refusal, 'no rule allows it');
  assert.equal((await administration.explainPolicy({ ...asked, user: '3000' })).account, 'unknown');
  await assert.rejects(administration.explainPolicy({ ...asked, door: 'barn' }), { code: 'POLICY_INVALID' });
  await administration.removePolicy('a');
  await assert.rejects(administration.removePolicy('a'), { code: 'POLICY_UNKNOWN' });
  assert.deepEqual(
    audited()
      .slice(1)
      .map(({ time: _, ...line }) => line),
    [
      {
        event: 'admin',
        action: 'set-policy',
        by: 'test',
        policy: 'a',
        scope: 'sip',
        actions: 'allow',
        user: '10*',
        active: true,
      },
      {
        event: 'admin',
        action: 'set-policy',
        by: 'test',
        policy: 'b',
        scope: 'sip',
        actions: '!allow',
        user: '10*',
        active: true,
      },
      { event: 'admin', action: 'remove-policy', by: 'test', policy: 'a' },
    ],
  );
});

test('numbers come under aliases, are audited without the number, and go with their user', async () => {
  for (const kind of ['local', 'attached'] as const) {
    const { administration, audited, written } = lab(kind);
    await administration.addUser({ login: '1000', password: 'secret' });
    assert.equal(await administration.addNumber('1000', 'Home', '+49 30 23125000'), '+493023125000');
    await administration.addNumber('1000', 'desk', '1001');
    assert.deepEqual(await administration.listNumbers('1000@example.com'), [
      { alias: 'desk', number: '1001' },
      { alias: 'home', number: '+493023125000' },
    ]);
    await administration.removeNumber('1000', 'DESK');
    await assert.rejects(administration.removeNumber('1000', 'desk'), { code: 'NUMBER_UNKNOWN' });
    await assert.rejects(administration.addNumber('nobody', 'home', '1001'), { code: 'USER_UNKNOWN' });
    assert.deepEqual(
      audited().flatMap(({ action, alias }) => (alias === undefined ? [] : [`${action} ${alias}`])),
      ['add-number Home', 'add-number desk', 'remove-number DESK'],
    );
    assert.ok(!JSON.stringify(audited()).includes('23125'));
    await administration.removeUser('1000');
    assert.equal(written.at(-1)?.kind, 'drop-own');
    await administration.addUser({ login: '1000', password: 'secret' });
    assert.deepEqual(await administration.listNumbers('1000'), []);
  }
});

test('a person whom only a file knows has numbers under his account there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-persons-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const fileName = join(folder, 'passwd');
  writeFileSync(fileName, 'alice:x:7:7:Alice::\n');
  const realms = fakeRealms();
  await realms.setResolver({ name: 'people', type: 'passwdresolver', config: { fileName } }, []);
  await realms.setRealm('staff', ['people'], []);
  const { administration, numbers } = lab('local', { realms });
  assert.equal(await administration.addNumber('alice@staff', 'home', '1001'), '1001');
  assert.deepEqual(numbers.list('people:7'), [{ alias: 'home', number: '1001' }]);
  assert.deepEqual(await administration.listNumbers('alice@STAFF'), [{ alias: 'home', number: '1001' }]);
  await administration.removeNumber('alice@staff', 'home');
  await assert.rejects(administration.addNumber('bob@staff', 'home', '1001'), { code: 'USER_UNKNOWN' });
});

test('equipment is added and removed, its secret sealed and shown to nobody, its name and place not given twice', async () => {
  const { administration, audited, written } = lab('local');
  const secret = 'a secret of the equipment';
  await administration.addRadiusClient({ ...RADIUS_CLIENT, network: '2001:DB8:0::/32', secret });
  const added = { ...RADIUS_CLIENT, network: '2001:db8::/32', configured: false };
  const configured = { ...RADIUS_CLIENT, name: 'core', network: '192.0.2.1', configured: true };
  assert.deepEqual(await administration.listRadiusClients(), [configured, added]);
  assert.equal(JSON.stringify(written).includes(secret), false);
  const refused = (changes: object, code: string) =>
    assert.rejects(administration.addRadiusClient({ ...RADIUS_CLIENT, secret, ...changes }), { code });
  await refused({ network: '198.51.100.1' }, 'RADIUS_CLIENT_EXISTS');
  await refused({ name: 'other', network: '2001:db8::/32' }, 'RADIUS_CLIENT_EXISTS');
  await refused({ name: 'core' }, 'RADIUS_CLIENT_EXISTS');
  await refused({ name: 'a b' }, 'RADIUS_CLIENT');
  await refused({ name: 'other', network: '192.0.2.0/33' }, 'RADIUS_CLIENT');
  await refused({ name: 'other', secret: '' }, 'RADIUS_CLIENT');
  await administration.removeRadiusClient('switches');
  await assert.rejects(administration.removeRadiusClient('core'), { code: 'RADIUS_CLIENT_UNKNOWN' });
  assert.deepEqual(await administration.listRadiusClients(), [configured]);
  assert.deepEqual(
    audited().map(({ action, client }) => `${action} ${client}`),
    ['add-radius-client switches', 'remove-radius-client switches'],
  );
});
