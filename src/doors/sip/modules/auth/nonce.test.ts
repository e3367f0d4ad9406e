import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isForOne, Nonces } from './nonce.ts';

const NOW = 1_000_000_000_000;
const SECRET = 'johndoessecretphrase';
const SECOND = 1000;

/** The format by its definition. */
function nonce(expiry: number, secret = SECRET): string {
  const text = expiry.toString(16).padStart(8, '0');
  return text + createHash('md5').update(text).update(secret).digest('hex');
}

test('8 hex digits of expiry, then the MD5 of these and the secret', () => {
  const made = new Nonces(SECRET, 300, 0).create(NOW);
  assert.equal(made, nonce(1_000_000_300));
  assert.equal(made.slice(0, 8), '3b9acb2c');
  assert.equal(made.length, 40);
});

test('one made by another server with the same secret is good, by one with another secret foreign', () => {
  const nonces = new Nonces(SECRET, 300, 0);
  assert.equal(nonces.check(new Nonces(SECRET, 300, 0).create(NOW), NOW, true), 'good');
  assert.equal(nonces.check(new Nonces('other', 300, 0).create(NOW), NOW, true), 'foreign');
});

test('good to the last second of its life, then expired, and after an hour worth nothing', () => {
  const nonces = new Nonces(SECRET, 300, 0);
  const made = nonces.create(NOW);
  assert.equal(nonces.check(made, NOW + 300 * SECOND + 999, true), 'good');
  assert.equal(nonces.check(made, NOW + 301 * SECOND, true), 'expired');
  assert.equal(nonces.check(made, NOW + 3900 * SECOND + 999, true), 'expired');
  assert.equal(nonces.check(made, NOW + 3901 * SECOND, true), 'foreign');
});

test('a clock set back makes it expired, not good for longer; other servers may be a little ahead', () => {
  const nonces = new Nonces(SECRET, 300, 0);
  const made = nonces.create(NOW);
  assert.equal(nonces.check(made, NOW - 3600 * SECOND, true), 'expired');
  assert.equal(nonces.check(made, NOW - 60 * SECOND, true), 'good');
  assert.equal(nonces.check(made, NOW - 61 * SECOND, true), 'expired');
  assert.equal(nonces.check(made, NOW - 3660 * SECOND, true), 'expired');
  assert.equal(nonces.check(made, NOW - 3661 * SECOND, true), 'foreign');
});

test('one from before the start has expired where its count must be new, and is good where nothing is counted', () => {
  const before = new Nonces(SECRET, 300, 0);
  const start = NOW + 400;
  const nonces = new Nonces(SECRET, 300, start);
  for (const made of [before.create(start - 10 * SECOND), before.create(start - 1)]) {
    assert.equal(nonces.check(made, start, true), 'expired');
    assert.equal(nonces.check(made, start, false), 'good');
  }
  // Those of the very second of the start cannot be told from ours, unless ours are another second's.
  for (const now of [start, start + 599, start + 600, start + 5 * SECOND]) {
    assert.equal(nonces.check(nonces.create(now), now, true), 'good', `${now - start} ms after the start`);
  }
});

test('a clock set back behind the start makes no nonce that is expired at once', () => {
  const nonces = new Nonces(SECRET, 300, NOW);
  for (const now of [NOW - 7200 * SECOND, NOW - 7199 * SECOND, NOW - 3600 * SECOND]) {
    assert.equal(nonces.check(nonces.create(now), now, true), 'good');
  }
});

test('each changed character makes it foreign', () => {
  const nonces = new Nonces(SECRET, 300, 0);
  const made = nonces.create(NOW);
  for (let i = 0; i < made.length; i++) {
    const other = made[i] === '0' ? '1' : '0';
    assert.equal(nonces.check(made.slice(0, i) + other + made.slice(i + 1), NOW, true), 'foreign', `at ${i}`);
  }
});

test('what is no nonce is foreign', () => {
  const nonces = new Nonces(SECRET, 300, 0);
  const hash = nonce(0).slice(8);
  for (const text of [
    '',
    made().slice(0, 39),
    `${made()}0`,
    made().toUpperCase(),
    `-0000001${hash}`,
    `zzzzzzzz${hash}`,
  ]) {
    assert.equal(nonces.check(text, NOW, true), 'foreign', text);
  }
  function made(): string {
    return nonces.create(NOW);
  }
});

test('remembered seconds that share a slot do not mix', () => {
  const nonces = new Nonces(SECRET, 3600, 0);
  const early = nonces.create(NOW);
  for (let s = 1; s <= 1100; s++) assert.equal(nonces.create(NOW + s * SECOND), nonce(1_000_003_600 + s));
  assert.equal(nonces.check(early, NOW + 1100 * SECOND, true), 'good');
});

test('each nonce that is good for one is another; servers that share the secret take it as theirs', () => {
  const nonces = new Nonces(SECRET, 300, 0);
  const made = new Set(Array.from({ length: 1000 }, () => nonces.createForOne(NOW)));
  assert.equal(made.size, 1000);
  const [one] = made;
  assert.ok(isForOne(one!) && !isForOne(nonces.create(NOW)));
  assert.equal(nonces.check(one!, NOW + 300 * SECOND, true), 'good');
  assert.equal(nonces.check(one!, NOW + 302 * SECOND, true), 'expired');
  assert.equal(new Nonces(SECRET, 300, 0).check(one!, NOW, true), 'good');
  assert.equal(new Nonces(SECRET, 300, NOW + SECOND).check(one!, NOW + SECOND, true), 'expired', 'after a restart');
  assert.equal(new Nonces('other', 300, 0).check(one!, NOW, true), 'foreign');
  for (let i = 0; i < one!.length; i++) {
    const other = one![i] === '0' ? '1' : '0';
    assert.equal(nonces.check(one!.slice(0, i) + other + one!.slice(i + 1), NOW, true), 'foreign', `at ${i}`);
  }
});
