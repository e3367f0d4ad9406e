import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyringOf } from '../secrets/keyring.ts';
import { passwordSeal } from '../users/local-users.ts';
import type { Login, UserRecord, UserStore } from '../users/store.ts';
import { localSource } from './local-source.ts';

const keyring = keyringOf(Buffer.alloc(32, 1));

function lab(defaultDomain: string, ...logins: string[]) {
  const users = logins.map((text, i): UserRecord => {
    const [name = '', domain = ''] = text.split('@');
    const password = keyring.seal('secret', passwordSeal(i + 1));
    return {
      id: i + 1,
      logins: [{ name, domain }],
      email: '',
      rpid: '',
      mobile: `+4${i}`,
      locked: i === 1,
      password,
      created: 0,
    };
  });
  const fits = ({ name, domain }: Login, asked: Login) =>
    name === asked.name && (asked.domain === '' || domain === asked.domain);
  const store: Partial<UserStore> = {
    find: async (asked) =>
      asked.flatMap((login) => {
        const user = users.find((one) => one.logins.some((has) => fits(has, login)));
        return user ? [{ login, user }] : [];
      }),
    named: async (name) => users.flatMap((user) => user.logins.filter((login) => login.name === name)),
    list: async ({ after = 0, limit, prefix = '' }) =>
      users.filter(({ id, logins: [first] }) => id > after && first!.name.startsWith(prefix)).slice(0, limit),
  };
  return localSource({ store: store as UserStore, keyring, defaultDomain: () => defaultDomain });
}

test('a name without domain is the one of the default domain, else the only one', async () => {
  const ids = async (defaultDomain: string, logins: string[], ...asked: string[]) =>
    (await lab(defaultDomain, ...logins).byLogin(asked)).map((one) => one?.id ?? null);
  assert.deepEqual(await ids('', ['alice', 'alice@b'], 'alice', 'alice@b', 'alice@c'), ['1', '2', null]);
  assert.deepEqual(await ids('', ['alice@a', 'alice@b', 'bob@b'], 'alice', 'bob', 'carol'), [null, '3', null]);
  assert.deepEqual(await ids('b', ['alice@a', 'alice@b', 'bob@c'], 'alice', 'bob', 'alice@A'), ['2', '3', '1']);
  assert.deepEqual(await ids('b', ['alice'], 'alice', 'a b', '', 'a@b@c'), ['1', null, null, null]);
});

test('a person has what is known of the user, and the password is checked', async () => {
  const local = lab('', 'alice', 'bob@b');
  assert.deepEqual(await local.byId(['2', '3', '02', 'x', '1e0']), [
    {
      id: '2',
      login: 'bob@b',
      locked: true,
      attributes: { username: 'bob@b', userid: '2', mobile: '+41' },
    },
    null,
    null,
    null,
    null,
  ]);
  assert.equal(await local.checkPassword('1', 'secret'), true);
  assert.equal(await local.checkPassword('1', 'Secret'), false);
  assert.equal(await local.checkPassword('3', 'secret'), false);
});

test('users are searched by pattern, page by page', async () => {
  const logins = Array.from({ length: 2500 }, (_, i) => `u${i}`);
  const local = lab('', ...logins);
  assert.equal((await local.search({}, 3000)).records.length, 2500);
  const found = await local.search({ username: 'U24*' }, 200);
  assert.deepEqual([found.records.length, found.more], [111, false]);
  assert.deepEqual((await local.search({ username: 'u24*' }, 10)).more, true);
  assert.deepEqual((await local.search({ email: '*' }, 10)).records, [], 'nobody has one');
});
