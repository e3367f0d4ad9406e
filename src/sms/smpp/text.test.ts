import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Alphabet, textParts } from './text.ts';

const lengths = (text: string, wanted: Alphabet) => textParts(text, wanted, 7).map(({ octets }) => octets.length);
const hex = (octets: Uint8Array | undefined) => Buffer.from(octets ?? []).toString('hex');

test('one message, or parts of 153 with a header of six octets', () => {
  for (const wanted of ['latin1', 'gsm7'] as const) {
    assert.deepEqual(lengths('', wanted), [0]);
    assert.deepEqual(lengths('x'.repeat(160), wanted), [160]);
    assert.deepEqual(lengths('x'.repeat(161), wanted), [159, 14]);
    assert.deepEqual(lengths('x'.repeat(306), wanted), [159, 159]);
    assert.deepEqual(lengths('x'.repeat(307), wanted), [159, 159, 7]);
  }
});

test('UCS-2: 70 units, or parts of 67', () => {
  assert.deepEqual(lengths('ж'.repeat(70), 'latin1'), [140]);
  assert.deepEqual(lengths('ж'.repeat(71), 'latin1'), [140, 14]);
  assert.deepEqual(lengths('x'.repeat(70), 'ucs2'), [140]);
});

test('a surrogate pair, or an escape and what it escapes, comes to one part', () => {
  // 66 units, then a pair that the 67th would tear.
  const [first, second] = textParts(`${'ж'.repeat(66)}😀${'ж'.repeat(10)}`, 'latin1', 1);
  assert.deepEqual([first?.octets.length, hex(second?.octets.subarray(0, 10))], [138, '050003010202d83dde00']);
  const [left, right] = textParts(`${'x'.repeat(152)}€${'x'.repeat(10)}`, 'gsm7', 1);
  assert.deepEqual([left?.octets.length, hex(right?.octets.subarray(0, 8))], [158, '0500030102021b65']);
});

test('of Latin-1, what takes two places on the air takes two of a part', () => {
  assert.deepEqual(lengths('['.repeat(160), 'latin1'), [160]);
  assert.deepEqual(lengths('['.repeat(161), 'latin1'), [82, 82, 15]);
});

test('the alphabet of GSM (3GPP TS 23.038), all of it', () => {
  const text =
    '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
  const codes = Array.from({ length: 128 }, (_, code) => code).filter((code) => code !== 0x1b);
  assert.deepEqual(textParts(text, 'gsm7', 0), [{ dataCoding: 0, esmClass: 0, octets: Buffer.from(codes) }]);
  const [extended] = textParts('\f^{}\\[~]|€', 'gsm7', 0);
  assert.equal(hex(extended?.octets), '1b0a1b141b281b291b2f1b3c1b3d1b3e1b401b65');
  assert.equal(textParts('a\u001b', 'gsm7', 0)[0]?.dataCoding, 8);
  assert.equal(textParts('Ж', 'gsm7', 0)[0]?.dataCoding, 8);
});

test('half a surrogate pair becomes the sign for what cannot be read', () => {
  assert.equal(hex(textParts('a\ud83d', 'latin1', 0)[0]?.octets), '0061fffd');
});

test('255 parts at most', () => {
  assert.equal(textParts('x'.repeat(255 * 153), 'latin1', 0).length, 255);
  assert.throws(() => textParts('x'.repeat(255 * 153 + 1), 'latin1', 0), { code: 'SMS_REFUSED' });
  assert.throws(() => textParts('ж'.repeat(255 * 67 + 1), 'latin1', 0), { code: 'SMS_REFUSED' });
});

test('any text comes out of its parts as it went in', () => {
  const alphabets = fc.constantFrom<Alphabet>('latin1', 'gsm7', 'ucs2');
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 400 }),
    fc.string({ unit: fc.constantFrom('a', '€', '[', 'ü', '@'), maxLength: 700 }),
    fc.string({ unit: fc.constantFrom('a', '[', 'ÿ', '\u0000'), maxLength: 700 }),
  );
  fc.assert(
    fc.property(texts, alphabets, fc.integer({ min: 0, max: 255 }), (text, wanted, reference) => {
      const parts = textParts(text, wanted, reference);
      const { dataCoding, esmClass } = parts[0]!;
      const pieces = parts.map(({ octets }, i) => {
        if (esmClass === 0) return octets;
        assert.deepEqual([...octets.subarray(0, 6)], [5, 0, 3, reference, parts.length, i + 1]);
        return octets.subarray(6);
      });
      assert.ok(parts.every((part) => part.dataCoding === dataCoding && part.esmClass === esmClass));
      assert.ok(parts.every(({ octets }) => octets.length <= (dataCoding === 8 ? 140 : 160)));
      const joined = Buffer.concat(pieces);
      if (dataCoding === 3) assert.equal(joined.toString('latin1'), text);
      if (dataCoding === 8) {
        // Each part by itself: a torn pair would be unreadable.
        const read = pieces.map((piece) => Buffer.from(piece).swap16().toString('utf16le'));
        assert.ok(read.every((piece) => piece.isWellFormed()));
        assert.equal(read.join(''), text.toWellFormed());
      }
      if (dataCoding === 0) assert.ok(pieces.every((piece) => piece.at(-1) !== 0x1b));
    }),
  );
});
