import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatehouseError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { digestHa1 } from '../proofs/digest-hash.ts';
import { keyringOf } from '../secrets/keyring.ts';
import type { SerTables, SubscriberName, SubscriberRow, SubscriberSpec } from '../ser/types.ts';
import { LocalUsers, passwordSeal } from './local-users.ts';
import { inDefaultDomain, SerUsers } from './ser-users.ts';
import type { Login, UserRecord, UserStore } from './store.ts';
import type { Account, UserSource } from './types.ts';

const SPEC: SubscriberSpec = {
  database: 'attached',
  table: 'subscriber',
  userColumn: 'username',
  domainColumn: 'domain',
  passwordColumn: 'password',
  passwordColumn2: 'ha1b',
  columns: ['rpid'],
};

function serLab(options: { useDomain?: boolean; calculateHa1?: boolean; capacity?: number } = {}) {
  const time = { now: 0 };
  const rows: SubscriberRow[] = [];
  const queries: (readonly SubscriberName[])[] = [];
  const walks: number[] = [];
  const state = { down: false };
  const tables = {
    async readSubscribers(_spec: SubscriberSpec, names: readonly SubscriberName[]) {
      queries.push(names);
      if (state.down) throw new GatehouseError('STORAGE_UNAVAILABLE', 'down');
      const wanted = new Set(names.map(({ username }) => username));
      return rows.filter((row) => wanted.has(row.username)).map((row) => ({ ...row }));
    },
    async walkSubscribers(_spec: SubscriberSpec, most: number, onRows: (rows: SubscriberRow[]) => void) {
      walks.push(Math.min(most, rows.length));
      if (state.down) throw new GatehouseError('STORAGE_UNAVAILABLE', 'down');
      for (let at = 0; at < most; at += 500)
        onRows(rows.slice(at, Math.min(at + 500, most)).map((row) => ({ ...row })));
    },
  } as Partial<SerTables> as SerTables;
  const clock = { now: () => time.now, monotonic: () => time.now };
  const users = new SerUsers({ tables, spec: SPEC, useDomain: false, calculateHa1: true, clock, ...options });
  const add = (username: string, password: string, domain = 'a.example', password2 = '') =>
    rows.push({ username, domain, password, password2, values: ['+1'] });
  return { time, rows, queries, walks, state, users, add, tables };
}

test('a thousand look-ups at once are two queries, and the next thousand none', async () => {
  const { users, add, queries } = serLab();
  for (let i = 0; i < 1000; i++) add(`u${i}`, 'p');
  const accounts = await Promise.all(Array.from({ length: 1000 }, (_, i) => users.find(`u${i}`, '')));
  assert.equal(queries.length, 2);
  for (const [i, account] of accounts.entries()) assert.equal(account?.login, `u${i}@a.example`);
  for (let i = 0; i < 1000; i++) assert.equal(users.find(`u${i}`, ''), accounts[i]);
  assert.equal(queries.length, 2);
});

test('look-ups of one name while it is being read share the read', async () => {
  const { users, add, queries } = serLab();
  add('alice', 'p');
  const [a, b] = await Promise.all([users.find('alice', ''), users.find('alice', '')]);
  assert.equal(a, b);
  assert.deepEqual(
    queries.map((names) => names.length),
    [1],
  );
});

test('credentials are trusted for 5 s, then read anew; an unchanged row stays the same account', async () => {
  const { users, add, time, rows } = serLab();
  add('alice', 'old');
  const before = await users.find('alice', '');
  time.now = 5_000;
  assert.equal(users.find('alice', ''), before);
  time.now = 5_001;
  assert.equal(await users.find('alice', ''), before);
  rows[0] = { ...rows[0]!, password: 'new' };
  time.now = 10_000;
  assert.equal(users.find('alice', ''), before);
  const fresh = await users.find('alice', '', true);
  assert.equal(fresh?.checkPassword('new'), true);
  assert.equal(users.find('alice', ''), fresh);
});

/** 1,200 users are asked for; `walk` asks for one more, when a walk is due, and lets the walk come to its end. */
async function walkLab() {
  const lab = serLab();
  const { users, add, time, queries } = lab;
  for (let i = 0; i < 1200; i++) add(`u${i}`, 'p');
  const ask = () => Promise.all(Array.from({ length: 1200 }, (_, i) => users.find(`u${i}`, '')));
  const walk = async (at: number) => {
    time.now = at;
    await users.find('u0', '');
    await new Promise(setImmediate);
  };
  await ask();
  time.now = 1_000;
  await ask();
  queries.length = 0;
  return { ...lab, ask, walk };
}

test('while most users of a table are asked for, it is read through and none is read singly', async () => {
  const { ask, walk, walks, queries, time } = await walkLab();
  for (const at of [4_000, 8_000, 12_000]) {
    await walk(at);
    assert.deepEqual(walks.splice(0), [1200]);
    time.now = at + 3_000;
    await ask();
  }
  assert.equal(queries.length, 0);
});

test('a walk through the table leaves rows that changed or went to the next look-up', async () => {
  const { users, walk, rows, time, queries } = await walkLab();
  const before = await users.find('u8', '');
  rows[7] = { ...rows[7]!, password: 'new' };
  rows.splice(9, 1);
  await walk(4_000);
  time.now = 6_001;
  assert.equal((await users.find('u7', ''))?.checkPassword('new'), true);
  assert.equal(await users.find('u9', ''), null);
  assert.equal(queries.length, 2);
  assert.equal(users.find('u8', ''), before);
});

test('a table is read through only where that costs less', async () => {
  const { add, walk, ask, walks, time } = await walkLab();
  for (let i = 0; i < 20_000; i++) add(`x${i}`, 'p');
  await walk(4_000);
  assert.deepEqual(walks, [4_801], 'it gives up behind 4,800 of 21,200 rows');
  time.now = 5_000;
  await ask();
  await walk(8_000);
  assert.equal(walks.length, 1);
});

test('after a pause the table is read through as soon as many are asked for again', async () => {
  const { ask, walk, walks, queries, time } = await walkLab();
  await walk(4_000);
  await walk(20_000); // hardly anybody since the last walk
  assert.equal(walks.length, 1);
  queries.length = 0;
  time.now = 20_040;
  await ask();
  await walk(20_060);
  assert.equal(walks.length, 2);
  time.now = 25_050;
  await ask();
  assert.equal(queries.length, 3, 'those read singly before the walk');
});

test('a walk that fails leaves the users to their own reads', async () => {
  const { users, walk, state, time, queries, walks } = await walkLab();
  state.down = true;
  await walk(4_000);
  assert.equal(walks.length, 1);
  state.down = false;
  time.now = 6_001;
  assert.equal((await users.find('u1', ''))?.name, 'u1');
  assert.equal(queries.length, 1);
});

test('an unknown name is remembered for 1 s at most', async () => {
  const { users, add, time, queries } = serLab();
  assert.equal(await users.find('bob', ''), null);
  assert.equal(users.find('bob', ''), null);
  add('bob', 'p');
  time.now = 1_000;
  assert.equal((await users.find('bob', ''))?.name, 'bob');
  assert.equal(queries.length, 2);
});

test('while the database is away, known users go on and unknown ones are an error', async () => {
  const { users, add, time, state } = serLab();
  add('alice', 'p');
  const known = await users.find('alice', '');
  state.down = true;
  time.now = 60_000;
  assert.equal(await users.find('alice', ''), known);
  await assert.rejects(async () => users.find('bob', ''), { code: 'STORAGE_UNAVAILABLE' });
  await assert.rejects(async () => users.find('alice', '', true), { code: 'STORAGE_UNAVAILABLE' });
});

test('the trust time begins with the question, however late its answer comes', async () => {
  const { users, add, time, rows, tables } = serLab();
  add('alice', 'p');
  const { readSubscribers } = tables;
  tables.readSubscribers = async (...args) => {
    const found = await readSubscribers(...args);
    time.now += 1_900;
    return found;
  };
  const known = await users.find('alice', '');
  rows.length = 0;
  time.now = 4_900;
  assert.equal(users.find('alice', ''), known);
  time.now = 5_001;
  assert.equal(await users.find('alice', ''), null);
});

test('a user removed by another tool is gone after the trust time', async () => {
  const { users, add, time, rows } = serLab();
  add('alice', 'p');
  await users.find('alice', '');
  rows.length = 0;
  time.now = 5_001;
  assert.equal(await users.find('alice', ''), null);
  assert.equal(users.find('alice', ''), null);
});

test('our own change takes effect at once, also on a read that is under way', async () => {
  const { users, add, rows } = serLab();
  add('alice', 'old');
  const early = users.find('alice', '');
  users.forget('alice');
  await early;
  rows[0] = { ...rows[0]!, password: 'new' };
  assert.equal((await users.find('alice', ''))?.checkPassword('new'), true);
  rows[0] = { ...rows[0]!, password: 'newer' };
  users.forget('alice');
  assert.equal((await users.find('alice', ''))?.checkPassword('newer'), true);
});

test('the cache is bounded, and keeps what is used', async () => {
  const { users, add, queries } = serLab({ capacity: 10 });
  for (let i = 0; i < 100; i++) add(`u${i}`, 'p');
  await users.find('u0', '');
  for (let i = 1; i < 100; i++) {
    assert.ok(!(users.find('u0', '') instanceof Promise), `u0 is gone after ${i}`);
    await users.find(`u${i}`, '');
  }
  assert.equal(queries.length, 100);
  let kept = 0;
  for (let i = 0; i < 100; i++) if (!(users.find(`u${i}`, '') instanceof Promise)) kept++;
  assert.equal(kept, 10);
});

test('calculate_ha1 and the columns mean what auth_db says', async () => {
  const clear = serLab({ calculateHa1: true });
  clear.add('alice', 'secret');
  const one = (await clear.users.find('alice', '')) as Account;
  assert.equal(one.ha1('alice', 'r', 'MD5'), digestHa1('alice', 'r', 'secret', 'MD5'));
  assert.equal(one.ha1('alice', 'r', 'SHA-256'), digestHa1('alice', 'r', 'secret', 'SHA-256'));
  assert.equal(one.ha1('alice@x', 'r', 'MD5'), digestHa1('alice@x', 'r', 'secret', 'MD5'));
  assert.equal(one.checkPassword('secret'), true);
  assert.equal(one.checkPassword('Secret'), false);

  const stored = serLab({ calculateHa1: false });
  stored.add('alice', 'A'.repeat(32), 'a.example', 'b'.repeat(32));
  const two = (await stored.users.find('alice', '')) as Account;
  assert.equal(two.ha1('alice', 'r', 'MD5'), 'a'.repeat(32));
  assert.equal(two.ha1('alice@a.example', 'r', 'MD5'), 'b'.repeat(32));
  assert.equal(two.ha1('alice', 'r', 'SHA-256'), undefined);
  assert.equal(two.checkPassword('A'.repeat(32)), false);
  assert.deepEqual(two.values, ['+1']);
});

test('an HA1 that was made for the domain tells whether a clear password is right', async () => {
  const { users, add } = serLab({ calculateHa1: false });
  add('alice', digestHa1('alice', 'a.example', 'sécret', 'MD5').toUpperCase());
  add('bob', digestHa1('bob', '', 'secret', 'MD5'), '');
  add('carl', '');
  const check = async (name: string, password: string) => (await users.find(name, ''))?.checkPassword(password);
  assert.equal(await check('alice', 'sécret'), true);
  assert.equal(await check('alice', 'secret'), false);
  assert.equal(await check('bob', 'secret'), undefined);
  assert.equal(await check('carl', ''), undefined);
});

test('an empty clear column gives nothing to guess', async () => {
  const { users, add } = serLab();
  add('alice', '');
  const account = (await users.find('alice', '')) as Account;
  assert.equal(account.ha1('alice', 'r', 'MD5'), undefined);
  assert.equal(account.checkPassword(''), undefined);
});

test('use_domain decides whether the domain is looked at', async () => {
  const without = serLab();
  without.add('alice', 'one', 'a.example');
  without.add('alice', 'two', 'b.example');
  assert.equal((await without.users.find('alice', 'b.example'))?.domain, 'a.example');
  const withDomain = serLab({ useDomain: true });
  withDomain.add('alice', 'one', 'a.example');
  withDomain.add('alice', 'two', 'b.example');
  assert.equal((await withDomain.users.find('alice', 'B.example'))?.id, 'subscriber:alice@b.example');
  assert.equal((await withDomain.users.find('alice', 'a.example'))?.checkPassword('one'), true);
  assert.equal(await withDomain.users.find('alice', 'c.example'), null);
});

test('without a domain it is the default one, else the only row of the name, else nobody', async () => {
  const { users, add } = serLab({ useDomain: true });
  for (const [name, domain] of [
    ['alice', 'a.example'],
    ['alice', 'b.example'],
    ['bob', 'b.example'],
    ['carl', ''],
    ['carl', 'b.example'],
  ] as const)
    add(name, 'p', domain);
  const found = async (source: UserSource, name: string) => (await source.find(name, ''))?.login;
  assert.equal(await found(users, 'alice'), undefined);
  assert.equal(await found(users, 'bob'), 'bob@b.example');
  const state = { domain: 'b.example' };
  const byDefault = inDefaultDomain(users, () => state.domain);
  assert.equal(await found(byDefault, 'alice'), 'alice@b.example');
  state.domain = 'c.example';
  assert.equal(await found(byDefault, 'bob'), undefined);
  assert.equal(await found(users, 'carl'), 'carl');
});

test('names are Unicode here and bytes in the table: UTF-8, or latin1 where that is what stands there', async () => {
  const { users, add } = serLab();
  const wire = Buffer.from('żółw').toString('latin1');
  add(wire, 'one');
  add('m\xfcller', 'two');
  const turtle = await users.find('żółw', '');
  assert.deepEqual([turtle?.login, turtle?.id], ['żółw@a.example', 'subscriber:żółw@a.example']);
  assert.equal(users.find('żółw', ''), turtle);
  assert.equal((await users.find('müller', ''))?.login, 'müller@a.example');
  add(Buffer.from('müller').toString('latin1'), 'three');
  users.forget('müller');
  assert.equal((await users.find('müller', ''))?.checkPassword('three'), true, 'UTF-8 goes first');
  assert.equal(await users.find('zolw', ''), null);
});

test('whether case matters is for the table to say; the exact spelling goes first, and all spellings are one account', async () => {
  const { users, add, rows, tables } = serLab();
  add('u1', 'one');
  tables.readSubscribers = async (_spec, names) =>
    rows.filter((row) => names.some((name) => name.username.toLowerCase() === row.username.toLowerCase()));
  const [low, high] = [await users.find('u1', ''), await users.find('U1', '')];
  assert.deepEqual([low?.id, high?.id], ['subscriber:u1@a.example', 'subscriber:u1@a.example']);
  add('U1', 'two');
  users.forget('U1');
  assert.equal((await users.find('U1', ''))?.checkPassword('two'), true);
  // As collations that pad or drop accents would find it.
  tables.readSubscribers = async () => rows;
  assert.equal(await users.find('u1 ', ''), null);
});

test('a local user is read once, his password stays sealed until it is needed', async () => {
  const keyring = keyringOf(Buffer.alloc(32, 3));
  let opened = 0;
  const counting = {
    ...keyring,
    open(sealed: Uint8Array, associated: string) {
      opened++;
      return keyring.open(sealed, associated);
    },
  };
  const record: UserRecord = {
    id: 12,
    logins: [{ name: 'alice', domain: 'a.example' }],
    email: 'a@a.example',
    mobile: '',
    rpid: 'sip:+1@ä.example',
    locked: false,
    password: keyring.seal('secret', passwordSeal(12)),
    created: 0,
  };
  const store = {
    find: async (logins: readonly Login[]) =>
      logins.flatMap((login) =>
        login.name === 'alice' && ['', 'a.example'].includes(login.domain) ? [{ login, user: record }] : [],
      ),
  } as Partial<UserStore> as UserStore;
  const clock = { now: () => 0, monotonic: () => 0 };
  const users = new LocalUsers({ store, keyring: counting, clock, log: silentLog, columns: ['rpid', 'email_address'] });
  const account = (await users.find('alice', '')) as Account;
  assert.equal(users.find('alice', ''), account);
  assert.equal(
    ((await users.find('alice', 'A.Example')) as Account).id,
    account.id,
    'domains are the same in any case',
  );
  assert.equal(await users.find('Alice', ''), null, 'names are not');
  assert.deepEqual([account.id, account.login, opened], ['local:12', 'alice@a.example', 0]);
  assert.deepEqual(account.values, ['sip:+1@Ã¤.example', 'a@a.example']);
  for (let i = 0; i < 5; i++) assert.equal(account.ha1('alice', 'r', 'MD5'), digestHa1('alice', 'r', 'secret', 'MD5'));
  assert.equal(opened, 1);
  assert.equal(account.ha1('alice', 's', 'MD5'), digestHa1('alice', 's', 'secret', 'MD5'));
  assert.equal(account.checkPassword('secret'), true);
});
