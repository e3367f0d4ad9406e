import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallBack } from '../../../core/gate/types.ts';
import type { Change } from '../../../core/journal/types.ts';
import { CallBackPlanner, type CallBackRules, type Caller, type CallOutcome } from './planner.ts';

const RULES: CallBackRules = { line: 'same', wait: 0, random: 0, attempts: 3, retry: 0, total: 60, per_hour: 100 };

function lab(rules: Partial<CallBackRules>, outcomes: CallOutcome[], names = ['one', 'two']) {
  const called: string[] = [];
  const busy = new Set<string>();
  const waiting: (() => void)[] = [];
  const ended = Promise.withResolvers<void>();
  const audited: Record<string, unknown>[] = [];
  const callers: Caller[] = names.map((name) => ({
    name,
    mayCall: name !== 'deaf',
    call(to) {
      if (busy.has(name)) return undefined;
      called.push(`${name} ${to.number}`);
      return Promise.resolve(outcomes.shift() ?? 'connected');
    },
    freed: () => new Promise((resolve) => waiting.push(resolve)),
  }));
  const journal = {
    append(unit: readonly Change[]) {
      for (const change of unit) if (change.kind === 'audit') audited.push(JSON.parse(change.line));
      if (['connected', 'given up', 'glare'].includes(String(audited.at(-1)?.result))) ended.resolve();
    },
    drain: async () => {},
  };
  const clock = { now: () => 0, monotonic: () => 0 };
  const planner = new CallBackPlanner({
    callers,
    rules: () => ({ ...RULES, ...rules }),
    journal,
    clock,
    random: () => 0,
  });
  const free = (name: string) => {
    busy.delete(name);
    for (const go of waiting.splice(0)) go();
  };
  return { planner, called, busy, free, audited, ended: ended.promise };
}

const ALICE: CallBack = { owner: 'local:1', login: 'alice', alias: 'home', number: '1001', suffices: false };
const results = (audited: Record<string, unknown>[]) => audited.map(({ result, reason }) => result ?? reason);

test('as often as may be, until somebody answers; the end is written down, too', async () => {
  const good = lab({}, ['busy', 'no answer']);
  assert.ok(good.planner.plan(ALICE, 'one'));
  await good.ended;
  assert.deepEqual(good.called, ['one 1001', 'one 1001', 'one 1001']);
  assert.deepEqual(results(good.audited), ['busy', 'no answer', 'connected']);
  const vain = lab({ attempts: 2 }, ['busy', 'busy', 'busy']);
  vain.planner.plan(ALICE, 'one');
  await vain.ended;
  assert.deepEqual(results(vain.audited), ['busy', 'busy', 'given up']);
});

test('glare ends it: somebody is on the line', async () => {
  const { planner, audited, ended } = lab({}, ['glare']);
  planner.plan(ALICE, 'one');
  await ended;
  assert.deepEqual(results(audited), ['glare']);
});

test('the same line, or never the same one, and one that is busy is waited for', async () => {
  const { planner, called, busy, free, ended } = lab({ line: 'other' }, [], ['one', 'deaf', 'two']);
  busy.add('two');
  planner.plan(ALICE, 'one');
  await new Promise(setImmediate);
  assert.deepEqual(called, []);
  free('two');
  await ended;
  assert.deepEqual(called, ['two 1001']);
});

test('one user is called once at a time, and so often in an hour; a stop ends what waits', async () => {
  const { planner, audited } = lab({ wait: 3_600, per_hour: 2 }, []);
  assert.ok(planner.plan(ALICE, 'one'));
  assert.equal(planner.plan(ALICE, 'one'), false);
  assert.ok(planner.plan({ ...ALICE, owner: 'local:2' }, 'one'));
  assert.equal(planner.waiting, 2);
  await planner.stop();
  assert.equal(planner.plan(ALICE, 'one'), false);
  assert.deepEqual(results(audited), ['call-pending', 'stopped', 'stopped', 'stopping']);
  const often = lab({ per_hour: 1 }, []);
  often.planner.plan(ALICE, 'one');
  await often.ended;
  await new Promise(setImmediate);
  assert.equal(often.planner.plan(ALICE, 'one'), false);
  assert.deepEqual(results(often.audited), ['connected', 'called-often']);
});
