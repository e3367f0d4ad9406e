import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderServices } from './service-order.ts';

const server = (name: string, priority: number, weight: number) => ({ name, priority, weight, port: 5060 });
const names = (records: ReturnType<typeof server>[], callId: string) =>
  orderServices(records, callId).map(({ name }) => name);

/** How often each comes first, for ten thousand calls. */
function firsts(records: ReturnType<typeof server>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < 10_000; i++) {
    const [first] = names(records, `${i}@192.0.2.9`);
    counts.set(first!, (counts.get(first!) ?? 0) + 1);
  }
  return counts;
}

test('the lower priority first, whatever the weights', () => {
  const records = [server('c', 30, 100), server('a', 10, 0), server('b', 20, 65_535)];
  for (let i = 0; i < 100; i++) assert.deepEqual(names(records, `${i}`), ['a', 'b', 'c']);
});

test('within a priority as often first as the weights say', () => {
  const counts = firsts([server('a', 1, 60), server('b', 1, 30), server('c', 1, 10), server('backup', 2, 100)]);
  // Of 10,000 the standard deviation is 49 at most.
  for (const [name, share] of [
    ['a', 6000],
    ['b', 3000],
    ['c', 1000],
  ] as const)
    assert.ok(Math.abs(counts.get(name)! - share) < 300, `${name}: ${counts.get(name)}`);
  assert.equal(counts.get('backup'), undefined);
});

test('without weights all have their turn; one without beside others has a very small chance', () => {
  const equal = firsts([server('a', 1, 0), server('b', 1, 0)]);
  assert.ok(Math.abs(equal.get('a')! - 5000) < 300, `${equal.get('a')}`);
  const small = firsts([server('zero', 1, 0), server('a', 1, 99)]);
  assert.ok(small.get('zero')! > 20 && small.get('zero')! < 300, `${small.get('zero')}`);
});

test('the same Call-ID gives the same order, and nothing is lost', () => {
  const records = Array.from({ length: 9 }, (_, i) => server(`s${i}`, i % 3, i));
  for (let i = 0; i < 100; i++) {
    const once = names(records, `call-${i}`);
    assert.deepEqual(names(records, `call-${i}`), once);
    assert.deepEqual(once.toSorted(), records.map(({ name }) => name).toSorted());
  }
});
