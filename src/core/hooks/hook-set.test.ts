import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { Admission, DoorName, Ticket } from '../gate/types.ts';
import type { Change, Waiter } from '../journal/types.ts';
import { failed } from './answer.ts';
import { type HookConfig, hooksConfig } from './config.ts';
import { HookSet } from './hook-set.ts';
import { Teller } from './teller.ts';
import { toldJournal } from './told-journal.ts';
import type { Hook, HookAnswer, HookedSession, SessionEvent } from './types.ts';

const YES: HookAnswer = { admitted: true, terms: {} };
const NOW = 1_700_000_000_000;

interface FakeHook extends Hook {
  readonly asked: HookedSession[];
  readonly told: SessionEvent[];
  answer: (session: HookedSession) => Promise<HookAnswer>;
}

function fakeHook(answer: FakeHook['answer'] = async () => YES): FakeHook {
  return {
    asked: [],
    told: [],
    answer,
    ask(session) {
      this.asked.push(session);
      return this.answer(session);
    },
    async tell(event) {
      this.told.push(event);
    },
    close() {},
  };
}

function lab(hooks: readonly (readonly [Partial<HookConfig>, Hook])[]) {
  const time = { now: NOW };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const configs = hooksConfig.parse(
    hooks.map(([config], i) => ({ name: `hook${i}`, program: '/bin/true', ...config })),
  );
  const set = new HookSet({
    hooks: configs.map((config, i) => ({ config, hook: hooks[i]![1] })),
    clock,
    log: silentLog,
  });
  const metrics = createMetrics({ version: '1' });
  set.offerMetrics(metrics);
  const admit = (door: DoorName = 'sip', session = `${door}:1`, login = '1000') => {
    const account = { login } as Ticket['account'];
    return set.admit({ door, account, client: { address: '192.0.2.1', port: 5060 }, time: time.now }, { session });
  };
  return { set, time, admit, metrics };
}

test('a door without a hook is not held up: the answer is there at once', () => {
  const hook = fakeHook();
  const { admit } = lab([
    [{ doors: ['portal'] }, hook],
    [{ ask: false }, hook],
  ]);
  assert.deepEqual(admit('sip'), { admitted: true, terms: {} });
  assert.equal(hook.asked.length, 0);
});

test('all have to admit, the strictest terms hold, and a refusal names its hook', async () => {
  const second = fakeHook(async () => ({ admitted: true, terms: { seconds: 900, download: 7 } }));
  const { admit } = lab([
    [{}, fakeHook(async () => ({ admitted: true, terms: { seconds: 600, upload: 5 } }))],
    [{}, second],
  ]);
  assert.deepEqual(await admit(), { admitted: true, terms: { seconds: 600, upload: 5, download: 7 } });
  const { session, user, client, door } = second.asked[0]!;
  assert.deepEqual([session, user, client, door], ['sip:1', '1000', '192.0.2.1', 'sip']);
  second.answer = async () => ({ admitted: false, reason: 'closed' });
  assert.deepEqual(await admit('portal'), { admitted: false, reason: 'hook1: closed' });
});

test('a session that was admitted is not asked for again, until its time is over, it ends or another comes', async () => {
  const hook = fakeHook(async () => ({ admitted: true, terms: { seconds: 60 } }));
  const { admit, set, time } = lab([[{ again_seconds: 100 }, hook]]);
  const first = await admit();
  assert.equal(admit(), first, 'a plain value');
  await admit('sip', 'sip:1', '2000');
  assert.equal(hook.asked.length, 2);
  time.now += 100_000;
  await admit('sip', 'sip:1', '2000');
  assert.equal(hook.asked.length, 3);
  const session = { door: 'sip', user: '2000', client: '', session: 'sip:1', started: NOW };
  set.tell({ event: 'ended', ended: NOW, reason: 'expired', ...session });
  await admit('sip', 'sip:1', '2000');
  assert.equal(hook.asked.length, 4);
  hook.answer = async () => ({ admitted: false, reason: '' });
  assert.deepEqual(await admit('sip', 'sip:2'), { admitted: false, reason: 'hook0' });
  assert.deepEqual(await admit('sip', 'sip:2'), { admitted: false, reason: 'hook0' }, 'a refusal is not remembered');
  assert.equal(hook.asked.length, 6);
});

test('one that fails refuses, or admits where that was chosen; health tells it until it answers', async () => {
  const broken = fakeHook(async () => {
    throw failed('it was ended by SIGKILL');
  });
  const { admit, set, metrics } = lab([
    [{ doors: ['sip'] }, broken],
    [{ doors: ['portal'], on_failure: 'admit' }, broken],
  ]);
  assert.deepEqual(await admit(), { admitted: false, reason: 'hook0: it was ended by SIGKILL' });
  assert.deepEqual(await admit('portal'), { admitted: true, terms: {} });
  assert.deepEqual(
    set.health().map(({ code, text, since }) => [code, text, since]),
    [
      ['HOOK_FAILED', 'the hook hook0: it was ended by SIGKILL', NOW],
      ['HOOK_FAILED', 'the hook hook1: it was ended by SIGKILL', NOW],
    ],
  );
  broken.answer = async () => YES;
  await admit('sip', 'sip:2');
  assert.equal(set.health().length, 1);
  assert.match(await metrics.text(), /gatehouse_hook_asked_total\{hook="hook0",result="failed"\} 1/);
});

test('one that hangs: so many wait, more fail at once, and who waited past his time is not asked', async () => {
  const { promise, resolve } = Promise.withResolvers<HookAnswer>();
  const hanging = fakeHook(() => promise);
  const { admit, time } = lab([[{}, hanging]]);
  const waiting: Promise<Admission>[] = [];
  for (let i = 0; i < 4 + 256; i++) waiting.push(admit('sip', `sip:${i}`) as Promise<Admission>);
  assert.deepEqual(await admit('sip', 'sip:x'), {
    admitted: false,
    reason: 'hook0: too many questions wait for it already',
  });
  time.now += 5_000;
  resolve(YES);
  const answers = await Promise.all(waiting);
  assert.equal(hanging.asked.length, 4);
  assert.deepEqual(
    answers.map((one) => (one.admitted ? 'in' : one.reason)),
    [...Array(4).fill('in'), ...Array(256).fill('hook0: its turn did not come in time')],
  );
});

test('told in order and by door; what cannot be told is tried again', async () => {
  const hook = fakeHook();
  let faults = 2;
  const take = hook.tell.bind(hook);
  hook.tell = async (event) => {
    if (faults-- > 0) throw failed('it answered 503');
    await take(event, 0);
  };
  const clock = { now: () => NOW, monotonic: () => NOW };
  const teller = new Teller({ name: 'x', hook, timeoutMs: 1, clock, log: silentLog, pausesMs: [1] });
  const event = (session: string) =>
    ({ event: 'opened', door: 'sip', user: '1000', client: '', session, started: NOW }) as const;
  teller.push(event('a'));
  teller.push(event('b'));
  await teller.close(20_000);
  assert.deepEqual(
    hook.told.map(({ session }) => session),
    ['a', 'b'],
  );
  assert.deepEqual([teller.told, teller.lost], [2, 0]);
  teller.push(event('c'));
  assert.equal(teller.lost, 1);

  const away = fakeHook();
  away.tell = async () => {
    throw failed('it is away');
  };
  const waiting = new Teller({ name: 'y', hook: away, timeoutMs: 1, clock, log: silentLog, pausesMs: [3_600_000] });
  for (let i = 0; i < 10_002; i++) waiting.push(event(String(i)));
  assert.deepEqual([waiting.waiting, waiting.lost], [10_000, 2]);
  await waiting.close(0);
  assert.deepEqual([waiting.told, waiting.lost, waiting.waiting], [0, 10_002, 0]);
});

test('hooks hear what has become durable, and nothing else', () => {
  const waiters: (Waiter | undefined)[] = [];
  const told: SessionEvent[] = [];
  const settled: unknown[] = [];
  const journal = {
    append: (_: readonly Change[], waiter?: Waiter) => void waiters.push(waiter),
    drain: async () => {},
  };
  const { append } = toldJournal(journal, (event) => told.push(event));
  const line = (event: string, user = '1000') =>
    JSON.stringify({ time: '2023-11-14T22:13:20.000Z', event, door: 'sip', user, client: 'c', session: 's' });
  const row = { session: 's', door: 'sip', user: '1000', client: 'c', started: 1, ended: 2, reason: 'kicked' };
  append([{ kind: 'audit', line: line('opened') }], { settled: (error) => settled.push(error) });
  append([
    { kind: 'audit', line: line('ended') },
    { kind: 'history', row },
  ]);
  append([{ kind: 'audit', line: line('refused', ',"event":"opened",') }]);
  append([{ kind: 'audit', line: line('opened') }]);
  assert.deepEqual([told, waiters[2]], [[], undefined]);
  waiters[0]!.settled(undefined);
  waiters[1]!.settled(undefined);
  waiters[3]!.settled(failed('the disk is full'));
  const session = { door: 'sip', user: '1000', client: 'c', session: 's' };
  assert.deepEqual(told, [
    { event: 'opened', ...session, started: NOW },
    { event: 'ended', ...row },
  ]);
  assert.deepEqual(settled, [undefined]);
});
