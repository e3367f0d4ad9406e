import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowsMatch, RowsSpec } from '../../../../core/ser/types.ts';
import type { ParameterValues } from '../../script/types.ts';
import { load, outcome, request, services } from '../lab.ts';
import { aliasDb } from './module.ts';

const ROWS: Readonly<Record<string, [string, string][]>> = {
  boss: [
    ['1000', 'example.com'],
    ['1001', 'example.org'],
  ],
  'boss,example.com': [['1002', 'example.net']],
  hostile: [['1> SIP/2.0\r\nX', 'example.com']],
};

async function lab(parameters: ParameterValues = {}) {
  const site = { down: false, opened: [] as RowsSpec[] };
  const tables = {
    open: async (_kind: string, spec: RowsSpec) => void site.opened.push(spec),
    rowEdition: () => 0,
    async readRows(_spec: RowsSpec, where: RowsMatch) {
      if (site.down) throw new Error('gone');
      return ROWS[where.map(([, value]) => value).join()] ?? [];
    },
  };
  const calls = [['alias_db_lookup', 'dbaliases']] as const;
  const [call] = await load(aliasDb, { parameters, calls, services: services({ tables }) });
  return { call: call!, site };
}

for (const [what, uri, parameters, result, after, branches] of [
  ['an alias', 'sip:boss@any.example:5070;x=y', {}, 1, 'sip:1000@example.com', []],
  ['an escaped alias', 'sip:%62oss@any.example', {}, 1, 'sip:1000@example.com', []],
  ['no alias', 'sip:1000@example.com', {}, -1, 'sip:1000@example.com', []],
  ['no user', 'sip:example.com', {}, -1, 'sip:example.com', []],
  ['all users', 'sip:boss@x.example', { append_branches: 1 }, 1, 'sip:1000@example.com', ['sip:1001@example.org']],
  ['the domain too', 'sip:boss@Example.com', { use_domain: 1 }, 1, 'sip:1002@example.net', []],
  ['another domain', 'sip:boss@x.example', { use_domain: 1 }, -1, 'sip:boss@x.example', []],
  [
    'the domain behind a prefix',
    'sip:boss@sip.example.com',
    { use_domain: 1, domain_prefix: 'sip.' },
    1,
    'sip:1002@example.net',
    [],
  ],
  ['a row that makes no URI', 'sip:hostile@x.example', {}, -1, 'sip:hostile@x.example', []],
] as [string, string, ParameterValues, number, string, string[]][]) {
  test(`${what}: ${result}`, async () => {
    const { call, site } = await lab(parameters);
    const made = request(`INVITE ${uri}`);
    assert.equal(await outcome(call, made), result);
    assert.equal(made.run.uri, after);
    assert.deepEqual(made.run.branches?.map((branch) => branch.uri) ?? [], branches);
    assert.deepEqual([site.opened.length, site.opened[0]!.table], [1, 'dbaliases']);
  });
}

test('while the table cannot be asked there is no alias, and what is known stays for its time', async () => {
  const { call, site } = await lab();
  site.down = true;
  assert.equal(await outcome(call, request('INVITE sip:boss@x.example')), -1);
  site.down = false;
  assert.equal(await outcome(call, request('INVITE sip:boss@x.example')), 1);
  site.down = true;
  assert.equal(call(request('INVITE sip:boss@x.example').run), 1);
});
