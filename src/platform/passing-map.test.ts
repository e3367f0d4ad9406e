import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PassingMap } from './passing-map.ts';

/** Few chains, so that they grow long. */
const poor = (key: string) => key.length;

test('holds what a Map holds, whatever comes and goes', () => {
  const passing = new PassingMap<number>(poor);
  const map = new Map<string, number>();
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let step = 0; step < 20_000; step++) {
    const key = 'x'.repeat(random(4)) + random(200);
    if (random(3) === 0) {
      passing.delete(key);
      map.delete(key);
    } else {
      passing.set(key, step);
      map.set(key, step);
    }
    assert.equal(passing.get(key), map.get(key));
    assert.equal(passing.has(key), map.has(key));
    assert.equal(passing.size, map.size);
  }
  assert.ok(map.size > 200);
  assert.deepEqual(passing.values().sort(), [...map.values()].sort());
  for (const [key, value] of map) assert.equal(passing.get(key), value);
});

test('what is taken out is gone, also while its values are gone through', () => {
  const passing = new PassingMap<{ name: string }>(poor);
  for (const name of ['a', 'b', 'c']) passing.set(name, { name });
  for (const { name } of passing.values()) passing.delete(name);
  assert.deepEqual([passing.size, passing.get('a'), passing.values()], [0, undefined, []]);
});
