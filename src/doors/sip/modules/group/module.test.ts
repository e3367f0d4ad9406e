import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ticket } from '../../../../core/gate/types.ts';
import type { RowCells, RowsMatch, RowsSpec } from '../../../../core/ser/types.ts';
import { TimerWheel } from '../../../../platform/timer-wheel.ts';
import type { ParameterValues } from '../../script/types.ts';
import { AvpList } from '../../script/values/avps.ts';
import { clockAt, load, outcome, request, type ScriptCall, services } from '../lab.ts';
import { group } from './module.ts';

interface Lab {
  parameters?: ParameterValues;
  /** `user,group` or `user,group,domain`. */
  rows?: string[];
  expressions?: RowCells[];
}

async function lab(calls: ScriptCall[], { parameters = {}, rows = [], expressions = [] }: Lab) {
  const clock = clockAt(1_000_000_000_000);
  const site = { rows, down: false, asked: 0 };
  const tables = {
    open: async () => {},
    rowEdition: () => 0,
    async readRows(spec: RowsSpec, where: RowsMatch) {
      site.asked++;
      if (site.down) throw new Error('gone');
      if (spec.kind === 're_grp') return expressions;
      return site.rows.includes(where.map(([, value]) => value).join()) ? [['x', 'y', 'z']] : [];
    },
  };
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const bound = await load(group, { parameters, calls, services: services({ tables, clock, wheel }) });
  return { calls: bound, clock, site };
}

function caller(headers: string[] = []) {
  const made = request('INVITE sip:%31001@x.example', ['From: <sip:1000@Y.example>;tag=1', ...headers]);
  const ticket = {} as Ticket;
  made.run.authorised = { header: 0, username: '1002', user: '1002', realm: 'z.example', ticket };
  made.run.avps = new AvpList();
  made.run.avps.push('s:uri', 'sip:1003@x.example');
  return made;
}

for (const [whose, user, domain] of [
  ['Request-URI', '1001', 'x.example'],
  ['To', '1000', 'example.com'],
  ['from', '1000', 'y.example'],
  ['Credentials', '1002', 'z.example'],
  ['$avp(s:uri)', '1003', 'x.example'],
] as const) {
  test(`is_user_in asks for the user of ${whose}, and the domain if told so`, async () => {
    const call: ScriptCall = ['is_user_in', whose, 'ld'];
    const plain = await lab([call], { rows: [`${user},ld`] });
    assert.equal(await outcome(plain.calls[0]!, caller()), 1);
    const other = await lab([call], { rows: [`${user},int`] });
    assert.equal(await outcome(other.calls[0]!, caller()), -1);
    const parameters = { use_domain: 1 };
    const strict = await lab([call], { rows: [`${user},ld,${domain}`], parameters });
    assert.equal(await outcome(strict.calls[0]!, caller()), 1);
    const elsewhere = await lab([call], { rows: [`${user},ld,elsewhere.example`], parameters });
    assert.equal(await outcome(elsewhere.calls[0]!, caller()), -1);
  });
}

test('nobody is in a group while the table cannot be asked, nor without a user', async () => {
  const { calls, site } = await lab(
    [
      ['is_user_in', 'Request-URI', 'ld'],
      ['is_user_in', '$avp(s:none)', 'ld'],
    ],
    {
      rows: ['1001,ld'],
    },
  );
  site.down = true;
  assert.equal(await outcome(calls[0]!, caller()), -1);
  site.down = false;
  assert.equal(await outcome(calls[0]!, caller()), 1, 'a failure is not remembered');
  assert.equal(calls[1]!(caller().run), -1);
  const { run } = caller();
  run.uri = 'sip:x.example';
  assert.equal(calls[0]!(run), -1);
});

test('a member is trusted for 5 s, a stranger for 1 s', async () => {
  const { calls, clock, site } = await lab([['is_user_in', 'From', 'ld']], { rows: [] });
  const ask = () => outcome(calls[0]!, caller());
  assert.equal(await ask(), -1);
  site.rows = ['1000,ld'];
  assert.equal(await ask(), -1);
  clock.time += 1_001;
  assert.equal(await ask(), 1);
  site.rows = [];
  clock.time += 5_000;
  assert.equal(await ask(), 1);
  clock.time += 1;
  assert.equal(await ask(), -1);
  assert.equal(site.asked, 3);
});

test('the same question at the same time is sent once', async () => {
  const { calls, site } = await lab([['is_user_in', 'From', 'ld']], { rows: ['1000,ld'] });
  assert.deepEqual(await Promise.all([outcome(calls[0]!, caller()), outcome(calls[0]!, caller())]), [1, 1]);
  assert.equal(site.asked, 1);
});

const EXPRESSIONS: RowCells[] = [
  ['^sip:100[0-4]@', '10'],
  ['(', 11],
  ['@x\\.example$', 12],
  ['^sip:2', 13],
];

for (const [multiple, groups] of [
  [1, [12, 10]],
  [0, [10]],
] as const) {
  test(`get_user_group, multiple_gid ${multiple}: ${groups.join(' and ')}`, async () => {
    const parameters = { re_table: 're_grp', multiple_gid: multiple };
    const { calls } = await lab([['get_user_group', 'Request-URI', 'i:10']], { parameters, expressions: EXPRESSIONS });
    const { run } = caller();
    assert.equal(calls[0]!(run), 1);
    assert.deepEqual(run.avps?.all('i:10'), groups);
    const other = caller().run;
    other.uri = 'sip:3000@y.example';
    assert.equal(calls[0]!(other), -1);
    assert.deepEqual(other.avps?.all('i:10'), []);
  });
}

test('get_user_group without a table finds nothing and asks nothing', async () => {
  const { calls, site } = await lab([['get_user_group', 'From', '$avp(i:10)']], { expressions: EXPRESSIONS });
  assert.equal(calls[0]!(caller().run), -1);
  assert.equal(site.asked, 0);
});
