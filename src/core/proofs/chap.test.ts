import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fitsChap } from './chap.ts';

test('the response of RFC 2865 section 7.2 fits its password only', () => {
  const proof = {
    identifier: 0x16,
    challenge: Buffer.from('2aee86f08d0d55969ca5978e0d3367a2', 'hex'),
    response: Buffer.from('e97557c316185895f293ff6344077275', 'hex'),
  };
  assert.equal(fitsChap(proof, 'arctangent'), true);
  assert.equal(fitsChap(proof, 'arctangen'), false);
  assert.equal(fitsChap({ ...proof, identifier: 0x17 }, 'arctangent'), false);
  assert.equal(fitsChap({ ...proof, response: proof.response.subarray(1) }, 'arctangent'), false);
});

test('passwords and challenges of any length fit', () => {
  for (const length of [0, 53, 54, 55, 56, 63, 64, 900, 5_000]) {
    const password = `${'ü'.repeat(length / 2)}x`;
    const challenge = Buffer.alloc(253, length);
    const response = createHash('md5').update(Buffer.of(7)).update(password).update(challenge).digest();
    assert.equal(fitsChap({ identifier: 7, challenge, response }, password), true, String(length));
    assert.equal(fitsChap({ identifier: 7, challenge, response }, `${password}x`), false, String(length));
  }
});
