import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wireText } from '../../core/ser/wire-text.ts';
import { fromWire, toWire, withoutNul } from './wire.ts';

test('UTF-8 stands as the text it is, other bytes apart', () => {
  assert.equal(fromWire(wireText('żółw 🐢 \ufffd')), 'żółw 🐢 \ufffd');
  assert.equal(fromWire('a\xe9\0\xc3'), 'a\uefe9\uef00\uefc3');
  assert.equal(fromWire(wireText('\uef81')), '\uefee\uefbe\uef81');
  assert.equal(toWire('\uef81'), '\x81');
  assert.equal(withoutNul('a\0ü'), 'a\uef00ü');
});

test('every wire text comes back, as characters that UTF-8 can say and without NUL', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, bytes, (head, tail) => {
      const wire = Buffer.concat([head, tail]).toString('latin1');
      const text = fromWire(wire);
      assert.equal(toWire(text), wire);
      assert.ok(text.isWellFormed() && !text.includes('\0'));
    }),
  );
});
