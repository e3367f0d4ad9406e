import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Nonces } from './nonce.ts';

const NOW = 1_000_000_000_000;
const SECRET = 'johndoessecretphrase';
const SECOND = 1000;

/** The format by its definition. */
function nonce(expiry: number, secret = SECRET): string {
  const text = expiry.toString(16).padStart(8, '0');
  return text + createHash('md5').update(text).update(secret).digest('hex');
}

test('8 hex digits of expiry, then the MD5 of these and the secret', () => {
  const made = new Nonces(SECRET, 300).create(NOW);
  assert.equal(made, nonce(1_000_000_300));
  assert.equal(made.slice(0, 8), '3b9acb2c');
  assert.equal(made.length, 40);
});

test('one made by another server with the same secret is good, by one with another secret foreign', () => {
  const nonces = new Nonces(SECRET, 300);
  assert.equal(nonces.check(new Nonces(SECRET, 300).create(NOW), NOW), 'good');
  assert.equal(nonces.check(new Nonces('other', 300).create(NOW), NOW), 'foreign');
});

test('good to the last second of its life, then expired', () => {
  const nonces = new Nonces(SECRET, 300);
  const made = nonces.create(NOW);
  assert.equal(nonces.check(made, NOW + 300 * SECOND + 999), 'good');
  assert.equal(nonces.check(made, NOW + 301 * SECOND), 'expired');
  assert.equal(nonces.check(made, NOW + 86_400 * SECOND), 'expired');
});

test('a clock set back makes it expired, not good for longer; other servers may be a little ahead', () => {
  const nonces = new Nonces(SECRET, 300);
  const made = nonces.create(NOW);
  assert.equal(nonces.check(made, NOW - 3600 * SECOND), 'expired');
  assert.equal(nonces.check(made, NOW - 60 * SECOND), 'good');
  assert.equal(nonces.check(made, NOW - 61 * SECOND), 'expired');
});

test('each changed character makes it foreign', () => {
  const nonces = new Nonces(SECRET, 300);
  const made = nonces.create(NOW);
  for (let i = 0; i < made.length; i++) {
    const other = made[i] === '0' ? '1' : '0';
    assert.equal(nonces.check(made.slice(0, i) + other + made.slice(i + 1), NOW), 'foreign', `at ${i}`);
  }
});

test('what is no nonce is foreign', () => {
  const nonces = new Nonces(SECRET, 300);
  const hash = nonce(0).slice(8);
  for (const text of [
    '',
    made().slice(0, 39),
    `${made()}0`,
    made().toUpperCase(),
    `-0000001${hash}`,
    `zzzzzzzz${hash}`,
  ]) {
    assert.equal(nonces.check(text, NOW), 'foreign', text);
  }
  function made(): string {
    return nonces.create(NOW);
  }
});

test('remembered seconds that share a slot do not mix', () => {
  const nonces = new Nonces(SECRET, 3600);
  const early = nonces.create(NOW);
  for (let s = 1; s <= 1100; s++) assert.equal(nonces.create(NOW + s * SECOND), nonce(1_000_003_600 + s));
  assert.equal(nonces.check(early, NOW + 1100 * SECOND), 'good');
});
