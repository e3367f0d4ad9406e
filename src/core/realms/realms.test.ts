import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatehouseError } from '../../platform/errors.ts';
import { CENSORED } from '../sms/censor.ts';
import { fakeRealms, memoryStore } from './fake.ts';
import type { PersonRecord, PersonSource, ResolverClass } from './source.ts';
import type { ResolverType } from './types.ts';

/** Sources of the test by the name of their resolver. */
function lab() {
  const sources = new Map<string, FakeSource>();
  const kind: ResolverClass = {
    type: 'sqlresolver',
    className: 'SQLIdResolver',
    secrets: ['Password'],
    target: ['Server'],
    check(config) {
      if (config.Server === undefined) throw new GatehouseError('RESOLVER_CONFIG', 'missing', { where: 'Server' });
      return { waitMs: Number(config.wait ?? 30_000) };
    },
    async open(config, { name }) {
      const source = sources.get(name) ?? new FakeSource();
      sources.set(name, source);
      source.config = config;
      return source;
    },
  };
  const store = memoryStore();
  const realms = fakeRealms({ classes: [kind], store });
  const set = (name: string, config: Record<string, unknown> = { Server: 'a' }) =>
    realms.setResolver({ name, type: 'sqlresolver', config }, []);
  const source = (name: string, ...logins: string[]) => {
    const made = new FakeSource(logins);
    sources.set(name, made);
    return made;
  };
  return { realms, store, kind, sources, source, set };
}

class FakeSource implements PersonSource {
  readonly logins: string[];
  config: Record<string, unknown> = {};
  asked = 0;
  isAway = false;
  hangs = false;
  closed = 0;

  constructor(logins: string[] = []) {
    this.logins = logins;
  }

  async byLogin(logins: readonly string[]) {
    await this.#ask();
    return logins.map((login) => (this.logins.includes(login) ? this.#record(login) : null));
  }

  async byId(ids: readonly string[]) {
    await this.#ask();
    return ids.map((id) => (this.logins.includes(id.slice(3)) ? this.#record(id.slice(3)) : null));
  }

  async search() {
    await this.#ask();
    return { records: this.logins.map((login) => this.#record(login)), more: false };
  }

  async checkPassword(id: string, password: string) {
    await this.#ask();
    return password === `pw of ${id}`;
  }

  async close() {
    this.closed++;
  }

  #record(login: string): PersonRecord {
    return { id: `id-${login}`, login, attributes: { username: login } };
  }

  async #ask() {
    this.asked++;
    if (this.hangs) await new Promise(() => {});
    if (this.isAway) throw new Error('connection refused');
  }
}

test('without any realm there is one, with the local users in it', async () => {
  const realms = fakeRealms();
  assert.deepEqual(realms.list(), [{ name: 'local', resolvers: ['local'], isDefault: true }]);
  assert.deepEqual(realms.split('alice'), { login: 'alice', realm: 'local' });
  assert.deepEqual(realms.split('alice@local'), { login: 'alice', realm: 'local' });
  assert.deepEqual(realms.split('alice@a.example'), { login: 'alice@a.example', realm: 'local' }, 'a SIP domain');
  assert.deepEqual(realms.split('alice', 'other'), { login: 'alice', realm: 'other' });
  await realms.setRealm('Staff', ['local'], []);
  assert.deepEqual(realms.list(), [{ name: 'staff', resolvers: ['local'], isDefault: true }]);
  assert.deepEqual(realms.split('alice@a.example'), { login: 'alice', realm: 'a.example' });
  await realms.removeRealm('STAFF', []);
  assert.equal(realms.defaultRealm, 'local');
});

test('the resolvers of a realm are asked in their order, and remembered', async () => {
  const { realms, set, source } = lab();
  const first = source('first', 'alice', 'bob');
  const second = source('second', 'alice', 'carol');
  await set('first');
  await set('second');
  await realms.setRealm('both', ['first', 'useridresolver.SQLIdResolver.IdResolver.second'], []);
  assert.equal((await realms.find('alice', 'BOTH'))?.source, 'first');
  assert.deepEqual(await realms.find('carol', 'both'), {
    source: 'second',
    id: 'id-carol',
    login: 'carol',
    realm: 'both',
    locked: false,
    attributes: { username: 'carol' },
  });
  assert.equal(await realms.find('dave', 'both'), null);
  assert.equal(await realms.find('alice', 'nowhere'), null);
  const asked = [first.asked, second.asked];
  const again = realms.find('carol', 'both');
  assert.ok(again !== null && !(again instanceof Promise), 'at once');
  assert.deepEqual([first.asked, second.asked], asked);
  assert.equal((await realms.find('carol', 'both', true))?.id, 'id-carol');
  assert.equal(second.asked, asked[1]! + 1, 'fresh asks');
  assert.equal((await realms.findById('second', 'id-carol'))?.realm, 'both');
  assert.equal(await realms.findById('third', 'id-carol'), null);
  const { persons } = await realms.search({ realm: 'both', filter: {} });
  assert.deepEqual(
    persons.map((one) => `${one.login}/${one.source}`),
    ['alice/first', 'bob/first', 'carol/second'],
  );
  const two = await realms.search({ realm: 'both', source: 'second', filter: {}, limit: 1 });
  assert.deepEqual([two.persons.map(({ login }) => login), two.more], [['alice'], true]);
});

test('a source that is away is an error, and never an unknown user', async () => {
  const { realms, set, source } = lab();
  const first = source('first', 'alice');
  source('second', 'alice', 'bob');
  await set('first');
  await set('second');
  await realms.setRealm('both', ['first', 'second'], []);
  await realms.setRealm('other', ['second'], []);
  assert.equal((await realms.find('alice', 'both'))?.source, 'first');
  first.isAway = true;
  assert.equal((await realms.find('alice', 'both'))?.source, 'first', 'known from before');
  await assert.rejects(async () => realms.find('alice', 'both', true), { code: 'RESOLVER_UNAVAILABLE' });
  await assert.rejects(async () => realms.find('bob', 'both'), { code: 'RESOLVER_UNAVAILABLE' });
  await assert.rejects(realms.search({ realm: 'both', filter: {} }), { code: 'RESOLVER_UNAVAILABLE' });
  assert.equal((await realms.find('bob', 'other'))?.source, 'second');
  const amiss = realms.health();
  assert.deepEqual([amiss.length, amiss[0]?.code], [1, 'RESOLVER_UNAVAILABLE']);
  assert.match(amiss[0]!.text, /the resolver first cannot be asked/);
  first.isAway = false;
  await realms.search({ realm: 'both', filter: {} });
  assert.deepEqual(realms.health(), []);
});

test('one that hangs holds up nobody else, and is given up in time', async () => {
  const { realms, set, source } = lab();
  const first = source('first', 'alice');
  source('second', 'bob');
  await set('first');
  await set('second');
  await realms.setRealm('one', ['first'], []);
  await realms.setRealm('two', ['second'], []);
  await set('first', { Server: 'a', wait: 200 });
  first.hangs = true;
  const hanging = [
    assert.rejects(async () => realms.find('alice', 'one'), { code: 'RESOLVER_UNAVAILABLE' }),
    assert.rejects(realms.search({ realm: 'one', filter: {} }), { code: 'RESOLVER_UNAVAILABLE' }),
  ];
  const alice = { source: 'first', id: 'id-alice', login: 'alice', realm: 'one', locked: false, attributes: {} };
  hanging.push(assert.rejects(realms.checkPassword(alice, 'pw'), { code: 'RESOLVER_UNAVAILABLE' }));
  assert.equal((await realms.find('bob', 'two'))?.source, 'second');
  await Promise.all(hanging);
  const many = Array.from({ length: 120 }, () => realms.checkPassword(alice, 'pw').catch((error) => error.message));
  const messages = await Promise.all(many);
  assert.ok(
    messages.some((message) => /100 questions are under way/.test(message)),
    'their number is bounded',
  );
});

test('passwords are asked of the source; an empty one never is', async () => {
  const { realms, set, source } = lab();
  const first = source('first', 'alice');
  await set('first');
  await realms.setRealm('one', ['first'], []);
  const alice = (await realms.find('alice', 'one'))!;
  assert.equal(await realms.checkPassword(alice, 'pw of id-alice'), true);
  assert.equal(await realms.checkPassword(alice, 'wrong'), false);
  const { asked } = first;
  assert.equal(await realms.checkPassword(alice, ''), false);
  assert.equal(await realms.checkPassword(alice, 'x'.repeat(513)), false);
  assert.equal(first.asked, asked);
});

test('secrets are kept sealed, shown to nobody, and go to no other server', async () => {
  const { realms, store, kind, set, sources } = lab();
  await set('first', { Server: 'a', Password: 'geheim' });
  assert.ok(!Buffer.from((await store.resolvers())[0]!.config).includes('geheim'));
  const [shown] = realms.resolvers.list();
  assert.deepEqual(shown?.config, { Server: 'a', Password: CENSORED });
  await realms.setRealm('one', ['first'], []);
  for (const config of [{ ...shown!.config, Limit: '5' }, { Server: 'a' }]) {
    await set('first', config);
    await realms.find('x', 'one', true);
    assert.equal(sources.get('first')?.config.Password, 'geheim');
  }
  assert.ok(sources.get('first')!.closed >= 1, 'the one before was closed');
  await assert.rejects(set('first', { Server: 'b', Password: CENSORED }), { code: 'RESOLVER_CONFIG' });
  await set('first', { Server: 'b' });
  await realms.find('y', 'one', true);
  assert.equal(sources.get('first')?.config.Password, undefined);
  const again = fakeRealms({ classes: [kind], store });
  await again.load();
  assert.deepEqual(again.resolvers.list(), [{ name: 'first', type: 'sqlresolver', config: { Server: 'b' } }]);
  assert.deepEqual(again.list(), realms.list());
});

test('names, types and uses are checked before anything is kept', async () => {
  const { realms, set } = lab();
  for (const name of ['abc', 'local', 'a b cd', 'x'.repeat(65)])
    await assert.rejects(set(name), { code: 'RESOLVER_NAME' });
  await assert.rejects(set('first', {}), { code: 'RESOLVER_CONFIG' });
  const http = { name: 'first', type: 'httpresolver' as ResolverType, config: {} };
  await assert.rejects(realms.setResolver(http, []), { code: 'RESOLVER_TYPE' });
  const named = { ...http, type: 'useridresolver.SQLIdResolver.IdResolver' as ResolverType, config: { Server: 'a' } };
  await realms.setResolver(named, []);
  assert.equal(realms.resolvers.list()[0]?.type, 'sqlresolver');
  await assert.rejects(realms.setRealm('a b', ['first'], []), { code: 'REALM_NAME' });
  await assert.rejects(realms.setRealm('one', ['second'], []), { code: 'RESOLVER_UNKNOWN' });
  await assert.rejects(realms.setRealm('one', [], []), { code: 'RESOLVER_UNKNOWN' });
  await realms.setRealm('one', ['first', 'local'], []);
  await realms.setRealm('two', ['local'], []);
  await assert.rejects(realms.removeResolver('first', []), { code: 'RESOLVER_USED' });
  await assert.rejects(realms.removeResolver('local', []), { code: /RESOLVER_(USED|UNKNOWN)/ });
  await assert.rejects(realms.setDefaultRealm('three', []), { code: 'REALM_UNKNOWN' });
  await assert.rejects(realms.removeRealm('three', []), { code: 'REALM_UNKNOWN' });
  assert.equal(realms.defaultRealm, 'one');
  await realms.setDefaultRealm('Two', []);
  assert.equal(realms.defaultRealm, 'two');
  await realms.setDefaultRealm('', []);
  assert.deepEqual(realms.split('alice'), { login: 'alice', realm: '' });
  await realms.removeRealm('one', []);
  await realms.removeResolver('first', []);
  assert.deepEqual(realms.resolvers.list(), []);
});

test('a test asks the source itself, and one that is not set yet', async () => {
  const { realms, set, source } = lab();
  const first = source('first', 'alice');
  await set('first');
  const { closed } = first;
  assert.deepEqual(
    (await realms.testResolver('first')).persons.map(({ login }) => login),
    ['alice'],
  );
  assert.equal(first.closed, closed + 1);
  first.isAway = true;
  await assert.rejects(realms.testResolver('first'), { code: 'RESOLVER_UNAVAILABLE', message: /connection refused/ });
  source('other', 'bob');
  const untold = { name: 'other', type: 'sqlresolver', config: { Server: 'a' } } as const;
  assert.equal((await realms.testResolver(untold)).persons[0]?.login, 'bob');
  assert.equal(realms.resolvers.has('other'), false);
  await assert.rejects(realms.testResolver('third'), { code: 'RESOLVER_UNKNOWN' });
});
