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

test('a copy is good for the token it was made for alone', () => {
  const kept = pins.keep('geheim', 'A');
  const once = pins.copy(kept, 'A', 'B')!;
  const twice = pins.copy(once, 'B', 'C')!;
  assert.ok(pins.matches('geheim', 'B', once) && pins.matches('geheim', 'C', twice));
  for (const [serial, text] of [
    ['A', once],
    ['C', once],
    ['B', twice],
    ['B', once.replace('/A', '/C')],
    ['C', twice.replace('/A/B', '/A')],
    ['B', `${kept}/A`],
  ] as const)
    assert.ok(!pins.matches('geheim', serial, text), text);
  assert.ok(!pins.matches('other', 'B', once));
  assert.equal(pins.copy('', 'A', 'B'), '');
  assert.equal(pins.copy(kept, 'x'.repeat(64), 'B'), undefined);
});

test('what is kept is good for its token and its key file alone, and never the same twice', () => {
  const kept = pins.keep('1234', 'LSSM1');
  assert.notEqual(kept, pins.keep('1234', 'LSSM1'));
  assert.ok(!pins.matches('1234', 'LSSM2', kept));
  assert.ok(!new Pins(keyringOf(Buffer.alloc(32, 2))).matches('1234', 'LSSM1', kept));
  for (const broken of ['.', 'AAAA.', '.AAAA', kept.slice(0, -4)])
    assert.ok(!pins.matches('1234', 'LSSM1', broken), broken);
});
