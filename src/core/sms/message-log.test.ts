import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnValues } from '../journal/own-table.ts';
import type { Change, Waiter } from '../journal/types.ts';
import { MessageLog } from './message-log.ts';

/** A table in memory, under logs that come and go. */
function lab() {
  let now = 1_700_000_000_000;
  const table = new Map<string, OwnValues>();
  const audited: string[] = [];
  const journal = {
    append(unit: readonly Change[], waiter?: Waiter) {
      assert.ok(unit.length > 0);
      for (const change of unit) {
        if (change.kind === 'put-own') table.set(change.values[0] as string, change.values);
        if (change.kind === 'drop-own') table.delete(change.key);
        if (change.kind === 'audit') audited.push(change.line);
      }
      waiter?.settled(undefined);
    },
    drain: async () => {},
  };
  const start = () =>
    new MessageLog({
      journal,
      clock: { now: () => now, monotonic: () => now },
      rows: { read: async () => [...table.values()] },
    });
  const setTime = (time: number) => {
    now = time;
  };
  return { start, table, audited, setTime, later: () => setTime(now + 1) };
}

const states = async (log: MessageLog) =>
  (await log.list({ limit: 100 })).map(({ state, provider }) => `${state} ${provider}`);

test('a message is queued, then taken, and the table holds what the list shows', async () => {
  const { start, table } = lab();
  const log = start();
  const id = log.queue('anna', '******567');
  assert.deepEqual(await states(log), ['queued ']);
  log.settle(id, 'one', 'unreachable', 'ECONNREFUSED');
  log.settle(id, 'two', 'sent', 'ID 7');
  const [found] = await log.list({ limit: 1 });
  const { time, ...shown } = found!;
  assert.deepEqual(shown, {
    id,
    user: 'anna',
    number: '******567',
    provider: 'two',
    state: 'sent',
    answer: 'ID 7',
    parts: [],
  });
  assert.deepEqual(table.get(id), [id, time, 'anna', '******567', 'two', 'sent', 'ID 7', '[]']);
});

test('nobody took it: refused or unreachable, and the audit line is written with that', async () => {
  const { start, audited } = lab();
  const log = start();
  const [never, tried] = [log.queue('anna', '567'), log.queue('bob', '568')];
  log.failed(never, 'refused', 'over the limit', ['{"a":1}']);
  log.settle(tried, 'one', 'unreachable', 'x');
  log.failed(tried, 'refused', 'all failed', ['{"b":2}']);
  assert.deepEqual(await states(log), ['unreachable one', 'refused ']);
  assert.deepEqual(audited, ['{"a":1}', '{"b":2}']);
});

test('one that came through after all is sent, unless another one had it', async () => {
  const { start } = lab();
  const log = start();
  const [late, both] = [log.queue('a', '1'), log.queue('b', '2')];
  log.settle(late, 'one', 'unreachable', 'x');
  log.late(late, 'one', 'ID 1');
  log.settle(both, 'one', 'unreachable', 'x');
  log.settle(both, 'two', 'sent', 'ID 2');
  log.late(both, 'one', 'ID 3');
  assert.deepEqual(await states(log), ['sent two', 'sent one']);
});

test('receipts: all parts have to arrive, one that fails is enough, and the last word stays', async () => {
  const { start } = lab();
  const log = start();
  const receipt = (id: string, state: 'underway' | 'delivered' | 'failed' | 'unknown') =>
    log.report('one', { id, state, detail: 'UNDELIV' });
  const [whole, broken] = [log.queue('a', '1'), log.queue('b', '2')];
  for (const [id, parts] of [
    [whole, ['7', '8']],
    [broken, ['9', '10']],
  ] as const)
    for (const part of parts) log.took(id, 'one', part);
  // A receipt may be quicker than the answer to the last part.
  await receipt('7', 'delivered');
  log.settle(whole, 'one', 'sent', 'ID 7, 8');
  log.settle(broken, 'one', 'sent', 'ID 9, 10');
  assert.deepEqual(await states(log), ['sent one', 'sent one']);
  await receipt('8', 'underway');
  await receipt('9', 'failed');
  await receipt('10', 'delivered');
  await receipt('11', 'delivered');
  await log.report('two', { id: '8', state: 'delivered', detail: '' });
  assert.deepEqual(await states(log), ['failed one', 'sent one']);
  assert.deepEqual([...(await log.owing())], ['one']);
  await receipt('8', 'delivered');
  await receipt('8', 'failed');
  assert.deepEqual(await states(log), ['failed one', 'delivered one']);
  assert.deepEqual([...(await log.owing())], []);
});

test('a receipt that comes before the message counts as sent is not undone by that', async () => {
  const { start } = lab();
  const log = start();
  const id = log.queue('a', '1');
  log.took(id, 'one', '7');
  await log.report('one', { id: '7', state: 'delivered', detail: '' });
  log.settle(id, 'one', 'sent', 'ID 7');
  assert.deepEqual(await states(log), ['delivered one']);
});

test('after a restart receipts still find their message, and what came meanwhile stays', async () => {
  const { start, later } = lab();
  const before = start();
  const id = before.queue('a', '1');
  before.took(id, 'one', '7');
  before.settle(id, 'one', 'sent', 'ID 7');
  later();
  before.queue('b', '2');
  later();
  const after = start();
  after.queue('c', '3');
  await after.report('one', { id: '7', state: 'delivered', detail: '' });
  // Of what the process before was still at nobody knows more.
  assert.deepEqual(await states(after), ['queued ', 'unreachable ', 'delivered one']);
});

test('after a restart it is known how many messages of users a provider was asked to send before', async () => {
  const { start, later } = lab();
  const before = start();
  for (const [user, provider] of [
    ['anna', 'one'],
    ['anna', ''],
    ['', 'one'],
    ['bert', 'one'],
  ] as const) {
    later();
    const id = before.queue(user, '***');
    if (provider !== '') before.settle(id, provider, 'sent', 'ID');
  }
  later();
  const after = start();
  after.settle(after.queue('anna', '***'), 'one', 'sent', 'ID');
  assert.equal(await after.earlier(0), 2);
  assert.equal(await after.earlier(1_700_000_000_002), 1);
});

test('the last 10,000 are kept, in memory and in the table', async () => {
  const { start, table } = lab();
  const log = start();
  const ids = Array.from({ length: 10_010 }, () => log.queue('a', '1'));
  assert.equal(table.size, 10_000);
  assert.equal(table.has(ids[9]!), false);
  const again = start();
  assert.equal((await again.list({ limit: 20_000 })).length, 10_000);
});

test('pages, newest first, also of one user, and also when the clock was set back', async () => {
  const { start, setTime } = lab();
  const log = start();
  const ids = ['a', 'b', 'a', 'b'].map((user, i) => {
    setTime(1_700_000_000_000 - i);
    return log.queue(user, String(i));
  });
  const numbers = async (options: Parameters<MessageLog['list']>[0]) =>
    (await log.list(options)).map(({ number }) => number);
  assert.deepEqual(await numbers({ limit: 2 }), ['3', '2']);
  assert.deepEqual(await numbers({ limit: 2, before: ids[2]! }), ['1', '0']);
  assert.deepEqual(await numbers({ limit: 9, user: 'a' }), ['2', '0']);
});

test('texts from outside fit the table', async () => {
  const { start, table } = lab();
  const log = start();
  const id = log.queue(`\0${'x'.repeat(999)}`, '1');
  log.settle(id, 'one', 'refused', `\u0000\ud800${'y'.repeat(999)}`);
  for (let i = 0; i < 300; i++) log.took(id, 'one', `${i}-${'z'.repeat(60)}`);
  log.settle(id, 'one', 'sent', '');
  const [, , login, , , , answer, parts] = table.get(id) as string[];
  assert.deepEqual([login!.length, login![0], answer!.length, parts!.length < 2000], [384, '?', 0, true]);
});
