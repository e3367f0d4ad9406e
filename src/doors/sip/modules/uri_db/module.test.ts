import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ticket } from '../../../../core/gate/types.ts';
import type { SubscriberSpec, UriSpec } from '../../../../core/ser/types.ts';
import type { Account } from '../../../../core/users/types.ts';
import type { ParameterValues } from '../../script/types.ts';
import { load, outcome, request, type ScriptCall, services } from '../lab.ts';
import { uriDb } from './module.ts';

interface Lab {
  parameters?: ParameterValues;
  rows?: string[];
  /** Users that are known at once, and after a while. */
  users?: string[];
  slow?: string[];
  down?: boolean;
}

async function lab(call: ScriptCall[], { parameters = {}, rows = [], users = [], slow = [], down = false }: Lab = {}) {
  const opened: (UriSpec | SubscriberSpec)[] = [];
  const warnings: string[] = [];
  const tables = {
    open: async (_kind: 'uri', spec: UriSpec) => void opened.push(spec),
    hasUri: async (_spec: UriSpec, ...row: string[]) => {
      if (down) throw new Error('gone');
      return rows.includes(row.join());
    },
  };
  const userSource = async (spec: SubscriberSpec) => {
    opened.push(spec);
    return { find };
  };
  function find(name: string, domain: string) {
    const account = { name } as Account;
    if (users.includes(`${name},${domain}`)) return account;
    if (down) return Promise.reject(new Error('gone'));
    return slow.includes(`${name},${domain}`) ? Promise.resolve(account) : null;
  }
  const log = { warn: (text: string) => void warnings.push(text) };
  const bound = await load(uriDb, { parameters, calls: call, services: services({ tables, userSource, log }) });
  return { call: bound[0]!, opened, warnings };
}

function authenticated(user: string | undefined, headers: string[] = [], start = 'REGISTER sip:example.com') {
  const built = request(start, headers);
  const ticket = {} as Ticket;
  if (user !== undefined) built.run.authorised = { header: 0, username: user, user, realm: 'example.com', ticket };
  return built;
}

for (const [name, field] of [
  ['check_to', 'To'],
  ['check_from', 'From'],
] as const) {
  const results = [
    ['the same user', '1000', '<sip:1000@elsewhere.example>', 1],
    ['the same in another case', 'aLice', '<sip:Alice@example.com>', 1],
    ['the same with an escaped character', '1000', '<sip:%31000@example.com>', 1],
    ['somebody else', '1000', '<sip:1001@example.com>', -10],
    ['somebody else whose name begins alike', '1000', '<sip:10001@example.com>', -10],
    ['nobody authenticated', undefined, '<sip:1000@example.com>', -2],
    ['a broken header', '1000', '<sip:1000@example.com', -1],
    ['a broken URI', '1000', '<sip:1000@>', -3],
    ['a URI without user', '1000', '<sip:example.com>', -4],
  ] as const;
  for (const [what, user, value, result] of results) {
    test(`${name}, ${what}: ${result}`, async () => {
      const { call } = await lab([[name]]);
      assert.equal(call(authenticated(user, [`${field}: ${value};tag=x`]).run), result);
    });
  }

  for (const [what, options, result] of [
    ['there', { rows: ['1000,example.com,alias'] }, 1],
    ['of somebody else', { rows: ['1001,example.com,alias'] }, -9],
    ['of another domain', { rows: ['1000,elsewhere.example,alias'] }, -9],
    ['that cannot be asked for', { down: true }, -8],
  ] as const) {
    test(`${name}, a row ${what}: ${result}`, async () => {
      const { call, opened } = await lab([[name]], {
        ...options,
        rows: [...('rows' in options ? options.rows : [])],
        parameters: { use_uri_table: 1 },
      });
      assert.equal(await outcome(call, authenticated('1000', [`${field}: <sip:alias@x.example>;tag=x`])), result);
      assert.deepEqual(
        opened.map((spec) => spec.table),
        ['uri'],
      );
    });
  }
}

test('without the uri table nothing is opened', async () => {
  assert.deepEqual((await lab([['check_to'], ['check_from']])).opened, []);
});

test('the missing authorisation is told once a minute', async () => {
  const { call, warnings } = await lab([['check_to']]);
  for (let i = 0; i < 3; i++) call(authenticated(undefined).run);
  assert.equal(warnings.length, 1);
});

for (const [what, uri, options, result] of [
  ['a known user', 'sip:1000@x.example', { users: ['1000,'] }, 1],
  ['a user who must be looked up', 'sip:1000@x.example', { slow: ['1000,'] }, 1],
  ['an unknown user', 'sip:1000@x.example', {}, -5],
  ['a user who cannot be looked up', 'sip:1000@x.example', { down: true }, -4],
  ['no user', 'sip:x.example', { users: [','] }, -5],
  ['a broken URI', 'sip:@', {}, -1],
  ['domain compared', 'sip:1000@X.example', { users: ['1000,x.example'], parameters: { use_domain: 1 } }, 1],
  ['domain compared, another', 'sip:1000@y.example', { users: ['1000,x.example'], parameters: { use_domain: 1 } }, -5],
  ['a row', 'sip:1000@x.example', { rows: [',,1000'], parameters: { use_uri_table: 1 } }, 1],
  [
    'a row of the domain',
    'sip:1000@x.example',
    { rows: [',x.example,1000'], parameters: { use_uri_table: 1, use_domain: 1 } },
    1,
  ],
  ['no row', 'sip:1000@x.example', { users: ['1000,'], parameters: { use_uri_table: 1 } }, -5],
  ['a table that cannot be asked', 'sip:1000@x.example', { down: true, parameters: { use_uri_table: 1 } }, -4],
] as [string, string, Lab, number][]) {
  test(`does_uri_exist, ${what}: ${result}`, async () => {
    const { call } = await lab([['does_uri_exist']], options);
    assert.equal(await outcome(call, request(`INVITE ${uri}`)), result);
  });
}

test('does_uri_exist looks at the Request-URI as the script has changed it', async () => {
  const { call } = await lab([['does_uri_exist']], { users: ['2000,'] });
  const { run } = request('INVITE sip:1000@example.com');
  run.uri = 'sip:2000@example.com';
  assert.equal(call(run), 1);
});

test('the tables are those of the parameters', async () => {
  const parameters = { db_url: 'mysql://x', subscriber_table: 'people', subscriber_user_column: 'login' };
  const { opened } = await lab([['does_uri_exist']], { parameters });
  assert.deepEqual(opened, [
    {
      database: 'database of mysql://x',
      table: 'people',
      userColumn: 'login',
      domainColumn: 'domain',
      passwordColumn: 'ha1',
      passwordColumn2: 'ha1b',
      columns: [],
    },
  ]);
});
