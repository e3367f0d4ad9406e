import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import { TimerWheel } from '../../../../platform/timer-wheel.ts';
import type { ParameterValues } from '../../script/types.ts';
import { AvpList } from '../../script/values/avps.ts';
import { clockAt, load, request, type ScriptCall, services } from '../lab.ts';
import { permissions } from './module.ts';

interface Lab {
  parameters?: ParameterValues;
  files?: Readonly<Record<string, string>>;
  rows?: RowCells[];
}

async function lab(t: TestContext, calls: ScriptCall[], { parameters = {}, files = {}, rows = [] }: Lab) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-permissions-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const clock = clockAt(1_000_000_000_000);
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const site = { down: false, opened: [] as RowsSpec[] };
  const tables = {
    open: async (_kind: string, spec: RowsSpec) => void site.opened.push(spec),
    async readRows() {
      if (site.down) throw new Error('gone');
      return rows;
    },
  };
  const options = { folder };
  const bound = await load(permissions, { parameters, calls, services: services({ tables, clock, wheel, options }) });
  const pass = async (ms: number) => {
    clock.time += ms;
    wheel.advance();
    for (let turn = 0; turn < 5; turn++) await setImmediate();
  };
  return { calls: bound, site, pass };
}

function call(from: string, uri: string, branches: string[] = []) {
  const { run } = request(`INVITE ${uri}`, [`From: <${from}>;tag=1`]);
  for (const branch of branches) {
    run.branches ??= [];
    run.branches.push({ uri: branch, destination: undefined, path: undefined });
  }
  return run;
}

const FILES = {
  'permissions.allow': '"^sip:boss@" : ALL',
  'permissions.deny': 'ALL : "^sip:00"',
  'register.deny': 'ALL : "@192\\.0\\.2\\.9"',
};

test('allow_routing: allowed if all are, else denied if one is, else allowed', async (t) => {
  const { calls } = await lab(t, [['allow_routing']], { files: FILES });
  const [routing] = calls;
  assert.equal(routing!(call('sip:boss@x.example', 'sip:0049@gw.example')), 1);
  assert.equal(routing!(call('sip:1000@x.example', 'sip:0049@gw.example')), -1);
  assert.equal(routing!(call('sip:1000@x.example', 'sip:49@gw.example')), 1);
  assert.equal(routing!(call('sip:1000@x.example', 'sip:49@gw.example', ['sip:0049@gw.example'])), -1);
  assert.equal(routing!(request('INVITE sip:49@gw.example', ['From: <sip:boss']).run), -1);
});

test('allow_routing of the first branch alone, of a base name, and of two files', async (t) => {
  const calls: ScriptCall[] = [
    ['allow_routing'],
    ['allow_routing', 'register'],
    ['allow_routing', 'x', 'register.deny'],
  ];
  const { calls: bound } = await lab(t, calls, { files: FILES, parameters: { check_all_branches: 0 } });
  const run = call('sip:1000@x.example', 'sip:49@192.0.2.9', ['sip:0049@gw.example']);
  assert.deepEqual(
    bound.map((one) => one(run)),
    [1, -1, -1],
  );
});

test('allow_register looks at To and all contacts', async (t) => {
  const { calls } = await lab(t, [['allow_register', 'register']], { files: FILES });
  const register = (...contacts: string[]) => {
    const { run } = request(
      'REGISTER sip:x.example',
      contacts.map((contact) => `Contact: ${contact}`),
    );
    return calls[0]!(run);
  };
  assert.equal(register('<sip:1@192.0.2.1>'), 1);
  assert.equal(register('<sip:1@192.0.2.1>', '<sip:1@192.0.2.9>'), -1);
  assert.equal(register('*'), 1);
  assert.equal(register(), 1);
  assert.equal(register('<sip:1'), -1);
});

test('allow_uri looks at what the variable holds', async (t) => {
  const { calls } = await lab(t, [['allow_uri', 'register', '$avp(s:to)']], { files: FILES });
  const run = call('sip:1000@x.example', 'sip:1@x.example');
  assert.equal(calls[0]!(run), -1, 'NULL reaches nobody');
  run.avps = new AvpList();
  run.avps.push('s:to', 'sip:1@192.0.2.9');
  assert.equal(calls[0]!(run), -1);
  run.avps.push('s:to', 'sip:1@192.0.2.1');
  assert.equal(calls[0]!(run), 1);
});

test('allow_refer_to looks at Refer-To', async (t) => {
  const { calls } = await lab(t, [['allow_refer_to', 'register']], { files: FILES });
  const refer = (...headers: string[]) => {
    const { run } = request('REFER sip:1@x.example', ['From: <sip:1000@x.example>;tag=1', ...headers]);
    return calls[0]!(run);
  };
  assert.equal(refer('Refer-To: <sip:1@192.0.2.1>'), 1);
  assert.equal(refer('Refer-To: "B" <sip:1@192.0.2.9>'), -1);
  assert.equal(refer(), -1);
});

for (const [what, row, result] of [
  ['the address', ['198.51.100.7', 'any', null], 1],
  ['the transport', ['198.51.100.7', 'UDP', null], 1],
  ['another transport', ['198.51.100.7', 'tcp', null], -1],
  ['none', ['198.51.100.7', 'none', null], -1],
  ['another address', ['198.51.100.70', 'any', null], -1],
  ['its From', ['198.51.100.7', 'any', '^sip:10'], 1],
  ['another From', ['198.51.100.7', 'any', '^sip:11'], -1],
  ['an expression that cannot be read', ['198.51.100.7', 'any', '('], -1],
] as [string, RowCells, number][]) {
  test(`allow_trusted, ${what}: ${result}`, async (t) => {
    const { calls, site } = await lab(t, [['allow_trusted']], { rows: [row] });
    assert.equal(calls[0]!(call('sip:1000@x.example', 'sip:1@x.example')), result);
    assert.deepEqual(site.opened[0]!.columns, ['src_ip', 'proto', 'from_pattern']);
  });
}

test('allow_trusted puts the tag into its AVP, and takes address and transport from variables', async (t) => {
  const parameters = { peer_tag_avp: '$avp(i:707)' };
  const rows = [['2001:DB8:0::7', 'tls', null, 'carrier']];
  const { calls } = await lab(t, [['allow_trusted', '$avp(s:ip)', '$avp(s:proto)']], { parameters, rows });
  const run = call('sip:1000@x.example', 'sip:1@x.example');
  assert.equal(calls[0]!(run), -1);
  run.avps = new AvpList();
  run.avps.push('s:ip', '[2001:db8::7]');
  run.avps.push('s:proto', 'TLS');
  assert.equal(calls[0]!(run), 1);
  assert.equal(run.avps.first('i:707'), 'carrier');
});

test('addresses: group, network, port; 32 bits are the address alone', async (t) => {
  const rows: RowCells[] = [
    [1, '198.51.100.0', 24, 0],
    [2, '198.51.100.7', '32', 5070],
    [3, '2001:db8::1', 32, 0],
    [4, '2001:db8::', 64, 0],
    [5, 'nonsense', 32, 0],
    [6, '198.51.100.7', 33, 0],
  ];
  const calls: ScriptCall[] = ['1', '2', '3', '5', '6', '9'].map((group) => ['allow_source_address', group]);
  const asks: ScriptCall[] = [
    ['allow_address', '2', '198.51.100.7', '5070'],
    ['allow_address', '2', '198.51.100.7', '5071'],
    ['allow_address', '3', '[2001:db8::1]', '1'],
    ['allow_address', '3', '2001:db8::2', '1'],
    ['allow_address', '4', '2001:db8::2', 'x'],
    ['allow_address', '198.51.100.7', '5070'],
    ['set_address_group', '2'],
    ['allow_address', '198.51.100.7', '5070'],
    ['allow_address', '<null>', '5070'],
  ];
  const { calls: bound } = await lab(t, [...calls, ...asks], { rows });
  const run = call('sip:1000@x.example', 'sip:1@x.example');
  const results = bound.map((one) => one(run));
  assert.deepEqual(results.slice(0, calls.length), [1, 1, -1, -1, -1, -1]);
  assert.deepEqual(results.slice(calls.length), [1, -1, 1, -1, 1, -1, 1, 1, -1]);
});

test('allow_source_address_group: the lowest group that has the sender', async (t) => {
  const group = async (...rows: RowCells[]) => {
    const { calls } = await lab(t, [['allow_source_address_group']], { rows });
    return calls[0]!(call('sip:1000@x.example', 'sip:1@x.example'));
  };
  assert.equal(
    await group([7, '198.51.100.0', 24, 0], [3, '198.51.100.7', 32, 5070], [2, '198.51.100.7', 32, 5071]),
    3,
  );
  assert.equal(await group([0, '198.51.100.7', 32, 0]), -1);
  assert.equal(await group(), -1);
});

test('a table that cannot be read for a minute trusts nobody', async (t) => {
  const { calls, site, pass } = await lab(t, [['allow_trusted']], { rows: [['198.51.100.7', 'any', null]] });
  const ask = () => calls[0]!(call('sip:1000@x.example', 'sip:1@x.example'));
  site.down = true;
  await pass(6_000);
  assert.equal(ask(), 1);
  await pass(60_000);
  assert.equal(ask(), -1);
  site.down = false;
  await pass(6_000);
  assert.equal(ask(), 1);
});

test('tables that no function asks are not opened', async (t) => {
  assert.deepEqual((await lab(t, [['allow_routing']], {})).site.opened, []);
});
