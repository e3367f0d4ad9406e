import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueLimit } from './queue-limit.ts';

/** Ten steps, in each of which so many leave, while never fewer than `fewest` wait. */
function pass(limit: QueueLimit, leaving: number, fewest: number): void {
  for (let step = 0; step < 10; step++) {
    for (let i = 0; i < leaving; i++) limit.left(fewest);
    limit.step(100, fewest);
  }
}

test('a queue that was too long for a second gets a limit: what leaves it in the time', () => {
  const limit = new QueueLimit(500, 10, 3);
  pass(limit, 20, 5000);
  assert.equal(limit.isSet, false, 'at first none waited');
  pass(limit, 20, 5000);
  assert.equal(limit.value, 100);
  pass(limit, 60, 5000);
  assert.equal(limit.value, 300);
});

test('one that grows step by step gets it before the second is over, once it is too long', () => {
  const limit = new QueueLimit(500, 10, 3);
  const grow = (waiting: number) => {
    for (let i = 0; i < 20; i++) limit.left(waiting);
    limit.step(100, waiting);
  };
  for (const waiting of [40, 80, 120]) grow(waiting);
  assert.equal(limit.isSet, false, 'it was no longer than allowed all the time');
  grow(160);
  assert.equal(limit.value, 100);
});

test('a burst that is worked off is no overload', () => {
  const limit = new QueueLimit(500, 10, 3);
  pass(limit, 20, 0);
  for (const waiting of [300, 290, 300, 310, 290, 250, 210, 170, 130]) {
    for (let i = 0; i < 20; i++) limit.left(waiting);
    limit.step(100, waiting);
  }
  assert.equal(limit.isSet, false);
});

test('the best of three seconds counts, so that nothing stalled is taken for slow', () => {
  const limit = new QueueLimit(500, 10, 3);
  pass(limit, 60, 5000);
  pass(limit, 0, 5000);
  pass(limit, 0, 5000);
  assert.equal(limit.value, 300);
  pass(limit, 0, 5000);
  assert.equal(limit.value, 10);
});

test('what was waited elsewhere is taken off the time', () => {
  const limit = new QueueLimit(500, 10, 3);
  pass(limit, 20, 5000);
  pass(limit, 20, 5000);
  limit.step(100, 5000, 400);
  assert.equal(limit.value, 20);
  limit.step(100, 5000, 600);
  assert.equal(limit.value, 10);
});

test('a stall is one step of ten, however long', () => {
  const limit = new QueueLimit(500, 10, 3);
  pass(limit, 60, 100);
  limit.step(5000, 100_000);
  assert.equal(limit.isSet, false);
});

test('a queue that was empty again and again for a second has no limit', () => {
  const limit = new QueueLimit(500, 10, 3);
  pass(limit, 60, 5000);
  pass(limit, 60, 5000);
  pass(limit, 60, 1);
  assert.equal(limit.value, 300);
  limit.left(0);
  limit.step(100, 200);
  assert.equal(limit.value, 300, 'once does not count');
  pass(limit, 60, 0);
  assert.equal(limit.isSet, false);
  pass(limit, 60, 300);
  assert.equal(limit.isSet, false, 'it was no longer than allowed');
});
