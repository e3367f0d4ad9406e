import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyringOf } from '../secrets/keyring.ts';
import { Pins } from './pins.ts';

const pins = new Pins(keyringOf(Buffer.alloc(32, 1)));

test('a PIN matches itself and nothing else', () => {
  const kept = pins.keep('geheim', 'LSSM1');
  assert.ok(pins.matches('geheim', 'LSSM1', kept));
  for (const other of ['', 'Geheim', 'geheim ', 'geheim\0']) assert.ok(!pins.matches(other, 'LSSM1', kept), other);
  assert.doesNotMatch(kept, /geheim/);
});

test('no PIN is the empty one', () => {
  assert.equal(pins.keep('', 'LSSM1'), '');
  assert.ok(pins.matches('', 'LSSM1', ''));
  assert.ok(!pins.matches('x', 'LSSM1', ''));
});

test('what is kept is good for its token and its key file alone, and never the same twice', () => {
  const kept = pins.keep('1234', 'LSSM1');
  assert.notEqual(kept, pins.keep('1234', 'LSSM1'));
  assert.ok(!pins.matches('1234', 'LSSM2', kept));
  assert.ok(!new Pins(keyringOf(Buffer.alloc(32, 2))).matches('1234', 'LSSM1', kept));
  for (const broken of ['.', 'AAAA.', '.AAAA', kept.slice(0, -4)])
    assert.ok(!pins.matches('1234', 'LSSM1', broken), broken);
});
