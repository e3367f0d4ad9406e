import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestOf } from './best-reply.ts';

// What the branches answered, whether the caller cancelled, what goes upstream.
const TABLE: [number[], boolean, number][] = [
  [[486], false, 486],
  [[404, 603, 486], false, 603],
  [[606, 600], false, 600],
  [[500, 404, 302], false, 302],
  [[503, 480], false, 480],
  [[504, 500], false, 500],
  [[486, 404, 480], false, 404],
  [[404, 407], false, 407],
  [[407, 401], false, 401],
  [[404, 484], false, 484],
  [[404, 420, 415], false, 415],
  [[487, 408], false, 408],
  [[487, 499], false, 499],
  [[487, 500], false, 487],
  [[404, 487], true, 487],
  [[302, 487], true, 487],
  [[603, 487], true, 603],
];

for (const [statuses, cancelled, expected] of TABLE) {
  test(`${statuses}${cancelled ? ' after a CANCEL' : ''}: ${expected}`, () => {
    const ended = statuses.map((status) => ({ status }));
    assert.equal(bestOf(ended, cancelled).status, expected);
    assert.equal(bestOf(ended.toReversed(), cancelled).status, expected);
  });
}

test('of equals the first counts', () => {
  const first = { status: 486 };
  assert.equal(bestOf([first, { status: 486 }], false), first);
});
