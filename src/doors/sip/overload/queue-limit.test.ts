import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueLimit } from './queue-limit.ts';

test('a queue that never empties may hold what leaves it in the time', () => {
  const limit = new QueueLimit(150, 10);
  limit.step(false, 500, 100);
  assert.equal(limit.isSet, false);
  limit.step(true, 200, 100);
  assert.equal(limit.value, 300);
  limit.step(true, 0, 100);
  assert.equal(limit.value, 210, 'one bad step counts for three tenths');
  for (let i = 0; i < 50; i++) limit.step(true, 0, 100);
  assert.equal(limit.value, 10);
  limit.step(false, 0, 100);
  assert.equal(limit.isSet, false);
});
