import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallLimits } from './call-limits.ts';

const HOUR_MS = 3_600_000;
const RULES = { at_once: 2, pause: 30, per_hour: 3, per_day: 5 };

/** A call that is over at once. */
function call(limits: CallLimits, keys: string[], now: number) {
  const why = limits.begin(keys, now);
  if (why === undefined) limits.ended(keys);
  return why;
}

test('one call at a time to a user or a number, and so many in all', () => {
  const limits = new CallLimits(() => RULES);
  assert.equal(limits.begin(['alice', 'number 1'], 0), undefined);
  assert.equal(limits.begin(['alice', 'number 2'], 40_000), 'call-pending');
  assert.equal(limits.begin(['bob', 'number 1'], 40_000), 'call-pending');
  assert.equal(limits.begin(['bob', 'number 2'], 40_000), undefined);
  assert.equal(limits.begin(['carl', 'number 3'], 40_000), 'calls-at-once');
  limits.ended(['bob', 'number 2']);
  assert.equal(limits.begin(['carl', 'number 3'], 40_000), undefined);
});

test('a pause between calls, so many in an hour for each, so many a day for all', () => {
  const limits = new CallLimits(() => RULES);
  assert.equal(call(limits, ['alice', 'number 1'], 0), undefined);
  assert.equal(call(limits, ['alice', 'number 9'], 29_999), 'called-lately');
  assert.equal(
    call(limits, ['bob', 'number 1'], 29_999),
    'called-lately',
    'who has the same number is the same telephone',
  );
  assert.equal(call(limits, ['alice', 'number 1'], 30_000), undefined);
  assert.equal(call(limits, ['alice', 'number 1'], 60_000), undefined);
  assert.equal(call(limits, ['alice', 'number 1'], 90_000), 'called-often');
  assert.equal(call(limits, ['bob', 'number 1'], 90_000), 'called-often');
  assert.equal(call(limits, ['alice', 'number 1'], HOUR_MS), undefined, 'the first one is an hour old');
  assert.equal(call(limits, ['bob', 'number 2'], HOUR_MS), undefined);
  assert.equal(call(limits, ['carl', 'number 3'], HOUR_MS), 'calls-today');
  assert.equal(call(limits, ['carl', 'number 3'], 24 * HOUR_MS), undefined);
});
