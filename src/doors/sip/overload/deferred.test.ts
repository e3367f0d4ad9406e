import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Deferred, DeferredQueue } from './deferred.ts';

test('requests leave in the order they came, or from the back', () => {
  const queue = new DeferredQueue();
  const requests = Array.from({ length: 5000 }, (_, i) => ({ since: i }) as Deferred);
  const model: Deferred[] = [];
  let at = 0;
  for (let round = 0; at < requests.length; round++) {
    for (let i = 0; i < 7 && at < requests.length; i++) {
      queue.push(requests[at]!);
      model.push(requests[at++]!);
    }
    for (let i = 0; i < 5; i++) assert.equal(queue.oldest(), model.shift());
    if (round % 3 === 0) assert.equal(queue.newest(), model.pop());
    assert.equal(queue.length, model.length);
  }
  while (model.length > 0) assert.equal(queue.oldest(), model.shift());
  assert.equal(queue.oldest(), undefined);
  assert.equal(queue.newest(), undefined);
});
