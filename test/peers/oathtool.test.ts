/** One-time values beside those of oathtool, another program's: counters and times, the three hashes, six and eight digits. */
// peers: oathtool
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hotp, timeStepAt } from '../../src/core/tokens/hotp.ts';
import { findProgram } from '../peers.ts';

/** Values that one call of oathtool prints. */
const RUN = 10;
const HASHES = ['sha1', 'sha256', 'sha512'] as const;

/** The same in each run of the test. */
function drawn(name: string): Buffer {
  return createHash('sha512').update(name).digest();
}

function oathtool(args: readonly string[], seed: Buffer): string[] {
  const all = ['-w', String(RUN - 1), ...args, seed.toString('hex')];
  return execFileSync(findProgram('oathtool')!, all, { encoding: 'utf8' }).trim().split('\n');
}

test('500 values by counter', () => {
  for (let i = 0; i < 50; i++) {
    const bytes = drawn(`counter ${i}`);
    const seed = bytes.subarray(0, 16 + (i % 40));
    const counter = bytes.readUIntBE(58, 6) >>> (i % 32);
    const digits = i % 2 === 0 ? 6 : 8;
    const values = Array.from({ length: RUN }, (_, n) => hotp(seed, counter + n, digits, 'sha1'));
    assert.deepEqual(values, oathtool(['-d', String(digits), '-c', String(counter)], seed), `number ${i}`);
  }
});

test('500 values by time', () => {
  for (let i = 0; i < 50; i++) {
    const bytes = drawn(`time ${i}`);
    const seed = bytes.subarray(0, 20 + (i % 44));
    const hash = HASHES[i % 3]!;
    const [digits, step] = [i % 2 === 0 ? 6 : 8, i % 5 === 0 ? 60 : 30];
    // Up to the year 2106.
    const second = bytes.readUInt32BE(60);
    const first = timeStepAt(second * 1000, step, 0);
    const values = Array.from({ length: RUN }, (_, n) => hotp(seed, first + n, digits, hash));
    const now = `${new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
    const args = [`--totp=${hash}`, '-d', String(digits), '-s', `${step}s`, '-N', now];
    assert.deepEqual(values, oathtool(args, seed), `number ${i}`);
  }
});
