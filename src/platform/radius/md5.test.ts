import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK, md5, md5Block, PADDING } from './md5.ts';

test('the same as OpenSSL, for every length about the ends of blocks and any bytes; what stands behind does not matter', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const room = new Uint8Array(bytes.length + PADDING).fill(0xff);
    room.set(bytes);
    const sum = Buffer.alloc(16);
    md5(room, bytes.length, sum);
    assert.equal(sum.toString('hex'), hash('md5', bytes, 'hex'));
  });
  fc.assert(property, { numRuns: 500 });
  for (let length = 0; length < 200; length++) {
    const bytes = Buffer.alloc(length + PADDING, length);
    const sum = Buffer.alloc(16);
    const right = hash('md5', bytes.subarray(0, length), 'hex');
    md5(bytes, length, sum);
    assert.equal(sum.toString('hex'), right, `${length} bytes`);
  }
});

test('a state that is kept goes on behind its block, as often as wanted', () => {
  const first = Buffer.alloc(BLOCK, 'k');
  const state = md5Block(first);
  for (const rest of ['', 'message', 'm'.repeat(120)]) {
    const room = Buffer.alloc(rest.length + PADDING);
    room.write(rest);
    const sum = Buffer.alloc(16);
    md5(room, rest.length, sum, state, BLOCK);
    assert.equal(sum.toString('hex'), hash('md5', Buffer.concat([first, Buffer.from(rest)]), 'hex'));
  }
});
