import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import { TimerWheel } from '../../../../platform/timer-wheel.ts';
import type { ParameterValues } from '../../script/types.ts';
import { clockAt, load, request, type ScriptCall, services } from '../lab.ts';
import { domain } from './module.ts';

async function lab(calls: ScriptCall[], parameters: ParameterValues = {}) {
  const clock = clockAt(1_000_000_000_000);
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const site = { rows: [['Here.example'], ['also.example']] as RowCells[], down: false, asked: 0 };
  const said: string[] = [];
  const tables = {
    open: async () => {},
    async readRows(spec: RowsSpec) {
      assert.deepEqual([spec.table, spec.columns], [parameters.domain_table ?? 'domain', ['domain']]);
      site.asked++;
      if (site.down) throw new Error('gone');
      return site.rows;
    },
  };
  const log = { warn: (text: string) => void said.push(text), info: (text: string) => void said.push(text) };
  const bound = await load(domain, { parameters, calls, services: services({ tables, clock, wheel, log }) });
  return { calls: bound, site, said, pass };

  async function pass(ms: number): Promise<void> {
    clock.time += ms;
    wheel.advance();
    for (let turn = 0; turn < 5; turn++) await setImmediate();
  }
}

function from(host: string, uri = 'sip:1@here.EXAMPLE;x=y') {
  return request(`INVITE ${uri}`, [`From: <sip:1000@${host}>;tag=1`]).run;
}

test('From, the Request-URI as it is now, and what a variable holds', async () => {
  const { calls } = await lab([['is_from_local'], ['is_uri_host_local'], ['is_domain_local', '$avp(s:d)']]);
  const [isFrom, isUri, isDomain] = calls as [(typeof calls)[0], (typeof calls)[0], (typeof calls)[0]];
  assert.equal(isFrom!(from('HERE.example')), 1);
  assert.equal(isFrom!(from('there.example')), -1);
  const run = from('x.example');
  assert.equal(isUri!(run), 1);
  run.uri = 'sip:1@x.example';
  assert.equal(isUri!(run), -1);
  run.uri = 'tel:+1234';
  assert.equal(isUri!(run), -1);
  assert.equal(isDomain!(run), -1, 'NULL is no domain');
});

test('is_domain_local looks at the variable', async () => {
  const { calls } = await lab([['is_domain_local', '$fd']]);
  assert.equal(calls[0]!(from('ALSO.example')), 1);
  assert.equal(calls[0]!(from('there.example')), -1);
});

test('a change of the table is seen after 5 s, and failures are told once and forget nothing', async () => {
  const { calls, site, said, pass } = await lab([['is_from_local']]);
  const ask = () => calls[0]!(from('new.example'));
  site.rows = [['new.example']];
  assert.equal(ask(), -1);
  await pass(5_010);
  assert.equal(ask(), 1);
  site.down = true;
  for (let i = 0; i < 3; i++) await pass(6_000);
  assert.equal(ask(), 1);
  site.down = false;
  site.rows = [];
  await pass(6_000);
  assert.equal(ask(), -1);
  assert.deepEqual(said, ['table domain cannot be read again', 'table domain can be read again']);
});

test('db_mode 1 reads the table at the start and when told', async () => {
  const { site, pass } = await lab([['is_from_local']], { db_mode: 1 });
  await pass(60_000);
  assert.equal(site.asked, 1);
});
