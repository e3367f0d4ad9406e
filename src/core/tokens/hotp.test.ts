import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findCounter, hotp, timeStepAt } from './hotp.ts';
import { VALUES } from './lab.ts';

const TWENTY = Buffer.from('12345678901234567890');
const DIGITS = '1234567890'.repeat(7);
const HASHES = ['sha1', 'sha256', 'sha512'] as const;

test('RFC 4226 appendix D', () => {
  for (const [counter, value] of VALUES.entries()) assert.equal(hotp(TWENTY, counter, 6, 'sha1'), value);
  assert.equal(hotp(TWENTY, 0, 8, 'sha1'), '84755224');
});

for (const [hash, length, values] of [
  ['sha1', 20, ['94287082', '07081804', '14050471', '89005924', '69279037', '65353130']],
  ['sha256', 32, ['46119246', '68084774', '67062674', '91819424', '90698825', '77737706']],
  ['sha512', 64, ['90693936', '25091201', '99943326', '93441116', '38618901', '47863826']],
] as const) {
  test(`RFC 6238 appendix B, ${hash}`, () => {
    const seed = Buffer.from(DIGITS.slice(0, length));
    const seconds = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000];
    const own = seconds.map((second) => hotp(seed, timeStepAt(second * 1000, 30, 0), 8, hash));
    assert.deepEqual(own, values);
  });
}

test('a value is found at the lowest counter that has it, and nowhere beside the window', () => {
  const seeds = fc.uint8Array({ minLength: 10, maxLength: 64 });
  const windows = fc.tuple(fc.nat(2 ** 40), fc.nat(20), fc.nat(30));
  fc.assert(
    fc.property(
      seeds,
      windows,
      fc.constantFrom(6, 8),
      fc.constantFrom(...HASHES),
      (seed, [from, width, at], digits, hash) => {
        const value = hotp(seed, from + at, digits, hash);
        const found = findCounter(seed, value, [from, from + width], digits, hash);
        assert.equal(findCounter(seed, value, [from, from + width], digits, hash, true), found);
        const all = Array.from({ length: width + 1 }, (_, i) => hotp(seed, from + i, digits, hash));
        const expected = all.indexOf(value);
        assert.equal(found, expected < 0 ? undefined : from + expected);
      },
    ),
    { numRuns: 200 },
  );
  assert.equal(findCounter(TWENTY, '', [0, 9], 6, 'sha1'), undefined);
  assert.equal(findCounter(TWENTY, '755224', [0, -1], 6, 'sha1'), undefined);
});
