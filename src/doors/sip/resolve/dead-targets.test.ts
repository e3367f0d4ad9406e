import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEAD_MS, DeadTargets } from './dead-targets.ts';

const at = (last: number) => ({ protocol: 'udp' as const, address: `192.0.2.${last}`, port: 5060 });
const [a, b, c] = [at(1), at(2), at(3)];

function lab() {
  let now = 0;
  const dead = new DeadTargets({ now: () => now, monotonic: () => now });
  return {
    dead,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('the dead come last for half a minute, in their order', () => {
  const { dead, pass } = lab();
  dead.add(a);
  dead.add(b);
  assert.deepEqual(dead.sort([a, b, c]), [c, a, b]);
  pass(DEAD_MS);
  assert.deepEqual(dead.sort([a, b, c]), [a, b, c]);
});

test('one that answers lives; the same address by another protocol or port is another one', () => {
  const { dead } = lab();
  dead.add(a);
  dead.remove(a);
  dead.add({ ...b, protocol: 'tcp' });
  dead.add({ ...b, port: 5070 });
  assert.deepEqual(dead.sort([a, b, c]), [a, b, c]);
});

test('however long one asks to be spared, it is five minutes at most', () => {
  const { dead, pass } = lab();
  dead.add(a, 3_600_000);
  pass(299_999);
  assert.deepEqual(dead.sort([a, b]), [b, a]);
  pass(1);
  assert.deepEqual(dead.sort([a, b]), [a, b]);
});

test('a thousand are remembered', () => {
  const { dead } = lab();
  dead.add(a);
  for (let port = 1; port <= 1000; port++) dead.add({ ...b, port });
  assert.deepEqual(dead.sort([a, c]), [a, c]);
});
