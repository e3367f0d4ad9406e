/** What an SQL resolver does, whichever database it asks. Each server's test runs it. */
import assert from 'node:assert/strict';
import type { PersonSource } from '../../core/realms/source.ts';
import { silentLog } from '../../platform/log.ts';
import { sqlResolver } from './resolver.ts';

const HASH =
  '$6$rounds=1234$abc$O3ZOa0XiEWN0HewyM3s5mh16Zs29hmX3DWLNjonHRN//nTlr0lwJJMRhAJl66.NpDwazhmHN3f756IRDgrSzs.';
const MAP = {
  userid: 'id',
  username: 'login',
  mobile: 'Mobile Phone',
  email: 'mail',
  givenname: 'given',
  password: 'pw',
  salt: '',
};

/** Of a table of somebody else's; `quote` is the dialect's. */
export function staffTable(quote: string): string[] {
  const phone = `${quote}Mobile Phone${quote}`;
  const row = (values: string) => `INSERT INTO staff (id, login, ${phone}, mail, given, pw, active) VALUES (${values})`;
  return [
    `CREATE TABLE staff (id INTEGER PRIMARY KEY, login VARCHAR(64), ${phone} VARCHAR(32), mail VARCHAR(64), given VARCHAR(64), pw VARCHAR(200), active INTEGER)`,
    row(`7, 'alice', '+12025550100', 'alice@a.example', 'Ünal', '${HASH}', 1`),
    row(`8, 'bob_1', NULL, '100%', '', 'rqXexS6ZhobKA', 1`),
    row(`9, 'bobx1', ' ', NULL, NULL, NULL, 1`),
    row(`10, 'gone', '+12025550101', NULL, NULL, NULL, 0`),
  ];
}

export async function sqlContract(connection: Record<string, unknown>): Promise<PersonSource> {
  const config = {
    ...connection,
    Table: 'staff',
    Map: JSON.stringify(MAP),
    Where: "active = 1 OR login = '(' ",
    Limit: '3',
  };
  const source = await sqlResolver.open(config, { name: 'staff', log: silentLog });
  const alice = {
    id: '7',
    login: 'alice',
    attributes: {
      userid: '7',
      username: 'alice',
      mobile: '+12025550100',
      email: 'alice@a.example',
      givenname: 'Ünal',
    },
  };
  const hostile = ["' OR '1'='1", 'x\0', '', '%', 'alice ', 'a'.repeat(300), 'gone', "alice' -- "];
  const found = await source.byLogin(['bob_1', 'nobody', 'alice', ...hostile]);
  assert.deepEqual(found[2], alice);
  assert.deepEqual(found[0], {
    id: '8',
    login: 'bob_1',
    attributes: { userid: '8', username: 'bob_1', email: '100%' },
  });
  assert.deepEqual(
    found.flatMap((one, i) => (one ? [i] : [])),
    [0, 2],
    'what is not the login to the letter is not found',
  );
  const ids = await source.byId(['8', 'x', '7 ', '07', '99999999999999999999', '7', "7' OR 1=1", '10']);
  assert.deepEqual(
    ids.map((one) => one?.login ?? null),
    ['bob_1', null, null, null, null, 'alice', null, null],
  );

  const logins = async (filter: Record<string, string>, limit = 10) => {
    const { records, more } = await source.search(filter, limit);
    // The order is that of the database's collation.
    return [...records.map(({ login }) => login).sort(), ...(more ? ['…'] : [])];
  };
  assert.deepEqual(await logins({}), ['alice', 'bob_1', 'bobx1']);
  assert.deepEqual((await logins({}, 2)).slice(2), ['…']);
  assert.deepEqual(await logins({ username: 'BOB_*' }), ['bob_1'], '_ is a letter as any other');
  assert.deepEqual(await logins({ username: 'b*1', email: '*0%' }), ['bob_1']);
  assert.deepEqual(await logins({ userid: '7' }), ['alice']);
  assert.deepEqual(await logins({ username: "*' OR 1=1 --" }), []);
  assert.deepEqual(await logins({ password: '*' }), [], 'a password is nothing to search by');
  assert.deepEqual(await logins({ '1=1; --': '*' }), []);

  assert.equal(await source.checkPassword('7', 'secret'), true);
  assert.equal(await source.checkPassword('7', 'Secret'), false);
  assert.equal(await source.checkPassword('9', 'x'), false);
  assert.equal(await source.checkPassword('10', 'secret'), false);
  await assert.rejects(source.checkPassword('8', 'secret'), { code: 'HASH_UNSUPPORTED', message: /DES crypt/ });
  const many = Array.from({ length: 500 }, (_, i) => `nobody${i}`);
  assert.equal((await source.byLogin([...many, 'alice']))[500]?.id, '7');
  return source;
}
