import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NonceCounts } from './nonce-counts.ts';

function lab(options: { capacity?: number } = {}) {
  const time = { now: 0 };
  const clock = { now: () => time.now, monotonic: () => time.now };
  return { time, counts: new NonceCounts({ clock, lifetimeMs: 1000, ...options }) };
}

test('a count is good once, per nonce and user', () => {
  const { counts } = lab();
  assert.equal(counts.use('n', 'c', 'u', 1), true);
  assert.equal(counts.use('n', 'c', 'u', 1), false);
  assert.equal(counts.use('n', 'c', 'v', 1), true);
  assert.equal(counts.use('m', 'c', 'u', 1), true);
  assert.equal(counts.use('n', 'another client of the same user', 'u', 1), true);
  assert.equal(counts.use('n', 'c', 'u', 2), true);
  assert.equal(counts.use('n', 'c', 'u', 1), false);
});

test('counts may overtake each other within the window, each still once', () => {
  const { counts } = lab();
  const order = [5, 3, 4, 1, 2, 20, 19, 6, 18, 0xffffffff, 0xfffffffe];
  for (const nc of order) assert.equal(counts.use('n', 'c', 'u', nc), true, `first ${nc}`);
  for (const nc of order) assert.equal(counts.use('n', 'c', 'u', nc), false, `second ${nc}`);
});

test('the window has 16 places below the highest count', () => {
  const { counts } = lab();
  assert.equal(counts.use('n', 'c', 'u', 100), true);
  assert.equal(counts.use('n', 'c', 'u', 84), true);
  assert.equal(counts.use('n', 'c', 'u', 84), false);
  assert.equal(counts.use('n', 'c', 'u', 83), false);
});

test('any order of use agrees with a plain set of used counts', () => {
  const { counts } = lab();
  const used = new Set<number>();
  let top = 0;
  let seed = 7;
  for (let i = 0; i < 5000; i++) {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    const nc = Math.max(1, Math.floor(i / 4) + (seed % 24) - 12);
    const expected = !used.has(nc) && nc >= top - 16;
    assert.equal(counts.use('n', 'c', 'u', nc), expected, `${nc} of ${top}`);
    if (expected) used.add(nc);
    top = Math.max(top, expected ? nc : 0);
  }
});

test('a count is remembered for as long as the nonce may live, and then forgotten', () => {
  const { counts, time } = lab();
  counts.use('n', 'c', 'u', 1);
  time.now = 999;
  assert.equal(counts.use('n', 'c', 'u', 1), false);
  time.now = 1500;
  assert.equal(counts.use('n', 'c', 'u', 1), false);
  time.now = 5000;
  counts.use('other', 'c', 'u', 1);
  time.now = 10_000;
  counts.use('another', 'c', 'u', 1);
  assert.equal(counts.size, 2);
});

test('memory is bounded, and what it costs is counted', () => {
  const { counts } = lab({ capacity: 100 });
  for (let i = 0; i < 1000; i++) counts.use(`n${i}`, 'c', 'u', 1);
  assert.ok(counts.size <= 100, String(counts.size));
  assert.ok(counts.forgottenEarly > 0);
});

test('when nonces come to live longer, what was used before is remembered as long', () => {
  const { counts, time } = lab();
  counts.use('n', 'c', 'u', 1);
  time.now = 999;
  counts.coverLifetime(5000);
  for (const later of [1500, 4000, 6000, 9000]) {
    time.now = later;
    counts.use(`other ${later}`, 'c', 'u', 1);
    assert.equal(counts.use('n', 'c', 'u', 1), false, String(later));
  }
});

test('when they come to live shorter, those that were made to live longer are remembered to their end', () => {
  const { counts, time } = lab();
  counts.use('n', 'c', 'u', 1);
  counts.coverLifetime(10);
  for (const later of [100, 500, 900]) {
    time.now = later;
    counts.use(`other ${later}`, 'c', 'u', 1);
  }
  assert.equal(counts.use('n', 'c', 'u', 1), false);
});
