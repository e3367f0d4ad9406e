import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timer, TimerWheel } from './timer-wheel.ts';

function lab() {
  let time = 0;
  const fired: number[] = [];
  const wheel = new TimerWheel({
    clock: { now: () => time, monotonic: () => time },
    onError: (e) => assert.fail(String(e)),
  });
  const owner = { onTimer: (timer: Timer) => void fired.push(timer.kind) };
  const go = (to: number) => {
    time = to;
    wheel.advance();
  };
  return { wheel, owner, fired, go };
}

test('fires at the time, never earlier, and only once', () => {
  const { wheel, owner, fired, go } = lab();
  wheel.start(new Timer(owner, 1), 500);
  go(499);
  assert.deepEqual(fired, []);
  go(500);
  assert.deepEqual(fired, [1]);
  go(60_000);
  assert.deepEqual(fired, [1]);
  assert.equal(wheel.size, 0);
});

test('a time longer than one turn of the wheel waits its turns', () => {
  const { wheel, owner, fired, go } = lab();
  wheel.start(new Timer(owner, 1), 32_000);
  for (let t = 0; t < 32_000; t += 10) go(t);
  assert.deepEqual(fired, []);
  go(32_000);
  assert.deepEqual(fired, [1]);
});

test('a stall longer than one turn fires all that became due', () => {
  const { wheel, owner, fired, go } = lab();
  for (let i = 0; i < 1000; i++) wheel.start(new Timer(owner, i), i * 10);
  go(100_000);
  assert.equal(fired.length, 1000);
});

test('stop and restart, also from within a handler of the same slot', () => {
  const { wheel, go } = lab();
  const seen: string[] = [];
  const second = new Timer({ onTimer: () => void seen.push('second') });
  const again = { onTimer: (timer: Timer) => void [seen.push('again'), wheel.start(timer, 5120)] };
  const stopper = { onTimer: () => void [seen.push('stopper'), wheel.stop(second)] };
  wheel.start(second, 100);
  wheel.start(new Timer(stopper), 100);
  wheel.start(new Timer(again), 100);
  go(100);
  assert.deepEqual(seen, ['again', 'stopper']);
  go(5220);
  assert.deepEqual(seen, ['again', 'stopper', 'again']);
  assert.equal(wheel.size, 1);
});
