import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../run.ts';
import { RunQueue } from './run-queue.ts';

test('runs leave in the order they came, or from the back', () => {
  const queue = new RunQueue();
  const runs = Array.from({ length: 5000 }, (_, i) => ({ pc: i }) as Run);
  const model: Run[] = [];
  let at = 0;
  for (let round = 0; at < runs.length; round++) {
    for (let i = 0; i < 7 && at < runs.length; i++) {
      queue.push(runs[at]!);
      model.push(runs[at++]!);
    }
    for (let i = 0; i < 5; i++) assert.equal(queue.oldest(), model.shift());
    if (round % 3 === 0) assert.equal(queue.newest(), model.pop());
    assert.equal(queue.length, model.length);
  }
  while (model.length > 0) assert.equal(queue.oldest(), model.shift());
  assert.equal(queue.oldest(), undefined);
  assert.equal(queue.newest(), undefined);
});
