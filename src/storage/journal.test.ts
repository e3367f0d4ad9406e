import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../core/journal/types.ts';
import type { BindingRow, LocationSpec } from '../core/ser/types.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import type { Batch } from './batch.ts';
import { GroupJournal } from './journal.ts';
import type { CommitOutcome } from './protocol.ts';

const LINE: Change = { kind: 'audit', line: '{"a":1}' };
const REFRESH: Change = { kind: 'put-binding', table: {} as LocationSpec, row: {} as BindingRow, refresh: true };

/** A journal whose worker answers when the test says so. */
function lab() {
  let time = 0;
  const sent: { batch: Batch; budgetMs: number; done: (outcome: CommitOutcome) => void }[] = [];
  const arrived: (() => void)[] = [];
  const said: Record<string, unknown>[] = [];
  const journal = new GroupJournal(
    (batch, budgetMs, done) => {
      sent.push({ batch, budgetMs, done });
      arrived.shift()?.();
    },
    { now: systemClock.now, monotonic: () => time },
    { ...silentLog, error: (message, fields) => void said.push({ message, ...fields }) },
  );
  const append = (unit: Change[] = [LINE]) =>
    new Promise<string | undefined>((resolve) => journal.append(unit, { settled: (error) => resolve(error?.code) }));
  const batch = () => new Promise<void>((resolve) => arrived.push(resolve));
  const pass = (ms: number) => {
    time += ms;
  };
  return { journal, sent, append, batch, pass, said };
}

test('units gather into one batch; the next gathers while it is committed', async () => {
  const { sent, append, batch } = lab();
  const came = batch();
  const first = [append(), append()];
  await came;
  assert.deepEqual(sent[0]!.batch.ends, [2, 4]);
  const later = append();
  assert.equal(sent.length, 1);
  const next = batch();
  sent[0]!.done({});
  assert.deepEqual(await Promise.all(first), [undefined, undefined]);
  await next;
  sent[1]!.done({});
  assert.equal(await later, undefined);
});

test('refreshes alone gather for longer, until something else is among them', () => {
  const { sent, append, pass } = lab();
  void append([REFRESH]);
  pass(5);
  void append([REFRESH]);
  assert.equal(sent.length, 0);
  void append();
  assert.deepEqual(sent[0]!.batch.ends.length, 3);
  const later = lab();
  void later.append([REFRESH]);
  later.pass(10);
  void later.append([REFRESH]);
  assert.equal(later.sent[0]!.batch.ends.length, 2);
});

test('a full batch does not wait', () => {
  const { sent, append } = lab();
  for (let i = 0; i < 501; i++) void append();
  assert.equal(sent.length, 1);
  assert.equal(sent[0]!.batch.ends.length, 500);
});

test('a refused unit is told, its neighbours are not', async () => {
  const { sent, append, batch } = lab();
  const came = batch();
  const units = [append(), append(), append()];
  await came;
  const error = { code: 'STORAGE_REFUSED', message: 'no', hint: undefined };
  sent[0]!.done({ refused: [{ unit: 1, error }] });
  assert.deepEqual(await Promise.all(units), [undefined, 'STORAGE_REFUSED', undefined]);
});

test('over the bound a unit is turned away, later and not from append', async () => {
  const { journal, append } = lab();
  for (let i = 0; i < 20; i++) journal.append(new Array(1000).fill(LINE));
  let told = 0;
  journal.append([LINE], { settled: () => void told++ });
  assert.equal(told, 0);
  assert.equal(await append(), 'STORAGE_BUSY');
  assert.equal(told, 1);
  assert.deepEqual(
    journal.health().map(({ code }) => code),
    ['STORAGE_QUEUE'],
  );
});

test('when the database is away, what waited too long behind the batch is given up with it', async () => {
  const { journal, sent, append, batch, pass } = lab();
  const came = batch();
  const first = append();
  await came;
  const old = append();
  pass(2_000);
  const error = { code: 'STORAGE_UNAVAILABLE', message: 'away', hint: undefined };
  sent[0]!.done({ unavailable: error });
  assert.deepEqual(await Promise.all([first, old]), ['STORAGE_UNAVAILABLE', 'STORAGE_UNAVAILABLE']);
  assert.equal(sent.length, 1);
  assert.deepEqual(
    journal.health().map(({ code }) => code),
    ['STORAGE_DOWN'],
  );
  const again = batch();
  const fresh = append();
  await again;
  assert.equal(sent[1]!.budgetMs, 2_000);
  sent[1]!.done({});
  assert.equal(await fresh, undefined);
  assert.deepEqual(journal.health(), []);
});

test('when the worker hangs, waiters are told, and its answer brings the journal back', async (t) => {
  const alive = setInterval(() => {}, 1_000); // the journal's own timer keeps nobody
  t.after(() => clearInterval(alive));
  const { sent, append, batch, pass, journal } = lab();
  const came = batch();
  const first = append();
  await came;
  const second = append();
  const next = batch();
  pass(2_000);
  sent[0]!.done({});
  assert.equal(await first, undefined);
  await next;
  assert.equal(sent[1]!.budgetMs, 0);
  const behind = append();
  assert.equal(await second, 'STORAGE_UNAVAILABLE');
  assert.deepEqual(
    journal.health().map(({ code }) => code),
    ['STORAGE_DOWN'],
  );
  pass(2_000);
  assert.equal(await behind, 'STORAGE_UNAVAILABLE');
  assert.equal(journal.waiting, 0);
  sent[1]!.done({});
  assert.deepEqual(journal.health(), []);
  await journal.drain();
});

test('a batch without audit lines does not bring back a database whose trail is away', async () => {
  const { sent, append, batch, journal, said } = lab();
  const answer = async (outcome: CommitOutcome) => {
    const came = batch();
    const settled = append();
    await came;
    sent.at(-1)!.done(outcome);
    return settled;
  };
  const unavailable = { code: 'STORAGE_UNAVAILABLE', message: 'the audit trail cannot be written', hint: undefined };
  const isDown = () => journal.health().length > 0;
  assert.equal(await answer({ unavailable }), 'STORAGE_UNAVAILABLE');
  assert.equal(await answer({ trailAway: true }), undefined);
  assert.ok(isDown());
  await answer({ unavailable });
  assert.equal(said.length, 1);
  await answer({});
  assert.ok(!isDown());
});

test('a waiter that throws harms nobody, and drain waits for all', async () => {
  const { journal, sent } = lab();
  let told = 0;
  journal.append([LINE], {
    settled: () => {
      throw new Error('mine');
    },
  });
  journal.append([LINE], { settled: () => void told++ });
  const drained = journal.drain();
  assert.equal(sent.length, 1);
  sent[0]!.done({});
  await drained;
  assert.equal(told, 1);
});

test('units that nobody waits for are counted when they are lost, and said now and then', async () => {
  const { journal, sent, batch, pass, said } = lab();
  const lost = () => journal.health().find(({ code }) => code === 'STORAGE_LOST')?.text;
  const came = batch();
  for (let i = 0; i < 3; i++) journal.append([LINE]);
  await came;
  assert.equal(lost(), undefined);
  for (let i = 0; i < 19; i++) journal.append(new Array(1000).fill(LINE));
  journal.append(new Array(1000).fill(LINE));
  for (let i = 0; i < 4; i++) journal.append(new Array(998).fill(LINE));
  assert.match(lost()!, /^5 /);
  assert.deepEqual(
    said.map(({ count }) => count),
    [1],
    'the first at once',
  );
  const error = { code: 'STORAGE_UNAVAILABLE', message: 'away', hint: undefined };
  pass(10_000);
  sent[0]!.done({ unavailable: error });
  assert.match(lost()!, /^8 /);
  assert.equal(
    said.reduce((sum, { count }) => sum + Number(count ?? 0), 0),
    8,
    'none is forgotten',
  );
});
