import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import type { AuditFields } from '../core/audit/events.ts';
import { GatehouseError } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { ProblemsError } from '../platform/problems.ts';
import { type ReadFiles, Reloads } from './reload.ts';

const schema = z.strictObject({
  level: z.string().meta({ live: true }),
  sip: z.strictObject({ listen: z.array(z.string()), domains: z.array(z.string()).meta({ live: true }) }),
});

const START = { level: 'info', sip: { listen: ['192.0.2.1'], domains: [] as string[] } };

function lab() {
  const files: ReadFiles & { config: typeof START; scriptText: string } = {
    config: START,
    whereIs: (path) => `g.yaml:${path.length}`,
    files: ['g.yaml', 'ser.cfg'],
    serCfg: 'ser.cfg',
    scriptText: 'route {}',
    warnings: [],
  };
  const events: string[] = [];
  const audit: AuditFields[] = [];
  const world = {
    read: () => ({ ...files }),
    prepared: async () => {},
    changed: [] as string[],
    waiting: [{ what: 'usrloc.db_mode' }],
    record: async (fields: AuditFields) => void audit.push(fields),
  };
  const reloads = new Reloads<ReadFiles>({
    schema,
    started: { ...files },
    read: () => world.read(),
    async prepare({ scriptText }) {
      events.push(`prepare ${scriptText}`);
      await world.prepared();
      return { waiting: world.waiting, changed: world.changed, adopt: () => void events.push(`adopt ${scriptText}`) };
    },
    clock: { now: () => 5, monotonic: () => 5 },
    log: silentLog,
  });
  const reload = () =>
    reloads.reload('somebody', async (fields) => {
      await world.record(fields);
      events.push('recorded');
    });
  const codes = () => reloads.health().map(({ code }) => code);
  return { files, events, audit, world, reload, codes };
}

test('a reload tells what is in force now and what waits, and writes it down before it happens', async () => {
  const { files, events, audit, reload, codes } = lab();
  files.config = { level: 'debug', sip: { listen: ['192.0.2.2'], domains: ['example.com'] } };
  files.scriptText = 'route { exit; }';
  assert.deepEqual(await reload(), {
    files: ['g.yaml', 'ser.cfg'],
    changed: ['ser.cfg', 'level', 'sip.domains'],
    waiting: [{ what: 'sip.listen', where: 'g.yaml:2' }, { what: 'usrloc.db_mode' }],
    problems: [],
  });
  assert.deepEqual(events, ['prepare route { exit; }', 'recorded', 'adopt route { exit; }']);
  assert.equal(audit[0]?.changed, 'ser.cfg, level, sip.domains');
  assert.match(String(audit[0]?.script_sha256), /^[0-9a-f]{64}$/);
  assert.deepEqual(codes(), ['RESTART_WAITS']);
  // What is in force is nothing new; what waits still does, until the file says again what the start found.
  const again = await reload();
  assert.deepEqual([again.changed, again.waiting.map(({ what }) => what)], [[], ['sip.listen', 'usrloc.db_mode']]);
  files.config = { ...files.config, sip: START.sip };
  assert.deepEqual((await reload()).waiting, [{ what: 'usrloc.db_mode' }]);
});

test('what a door says besides gatehouse.yaml is told too, and what both say once', async () => {
  const { files, world, reload } = lab();
  files.config = { level: 'debug', sip: { listen: ['192.0.2.2'], domains: [] } };
  world.changed = ['level', 'portal.name'];
  world.waiting = [{ what: 'sip.listen' }, { what: 'portal.port' }];
  const { changed, waiting } = await reload();
  assert.deepEqual(changed, ['level', 'portal.name']);
  assert.deepEqual(waiting, [{ what: 'sip.listen', where: 'g.yaml:2' }, { what: 'portal.port' }]);
});

test('what is refused, not ready or not written down changes nothing, and health says so until a reload works', async () => {
  const { events, world, reload, codes } = lab();
  const read = world.read;
  world.read = () => {
    throw new ProblemsError('CONFIG_INVALID', []);
  };
  await assert.rejects(reload(), { code: 'CONFIG_INVALID' });
  world.read = read;
  world.prepared = () => Promise.reject(new GatehouseError('SER_TABLE_MISSING', 'no table'));
  await assert.rejects(reload(), { code: 'SER_TABLE_MISSING' });
  world.prepared = async () => {};
  const { record } = world;
  world.record = () => Promise.reject(new GatehouseError('STORAGE_UNAVAILABLE', 'away'));
  await assert.rejects(reload(), { code: 'STORAGE_UNAVAILABLE' });
  assert.deepEqual(
    events.filter((event) => event.startsWith('adopt')),
    [],
  );
  assert.deepEqual(codes(), ['RELOAD_REFUSED']);
  world.record = record;
  await reload();
  assert.deepEqual(codes(), ['RESTART_WAITS']);
});

test('one reload comes after the other, also behind one that fails', async () => {
  const { files, events, world, reload } = lab();
  let fail = (_error: Error) => {};
  const slow = new Promise<void>((_resolve, reject) => {
    fail = reject;
  });
  world.prepared = () => slow;
  const first = reload();
  const second = reload();
  await new Promise(setImmediate);
  assert.deepEqual(events, ['prepare route {}']);
  world.prepared = async () => {};
  files.scriptText = 'second';
  fail(new Error('no'));
  await assert.rejects(first);
  await second;
  assert.deepEqual(events, ['prepare route {}', 'prepare second', 'recorded', 'adopt second']);
});
