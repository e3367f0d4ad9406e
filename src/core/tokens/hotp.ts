/**
 * One-time values: HOTP (RFC 4226 section 5.3), with SHA-1, SHA-256 or SHA-512 below it as RFC 6238 allows, and the search for a
 * given value among several counters.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { HashName } from './types.ts';

const POWERS = { 6: 1_000_000, 8: 100_000_000 } as const;

/** The value of this counter, with leading zeros. `digits`: 6 or 8. */
export function hotp(seed: Uint8Array | KeyObject, counter: number, digits: number, hash: HashName): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(hash, seed).update(moving).digest();
  const offset = mac[mac.length - 1]! & 0x0f;
  const number = (mac.readUInt32BE(offset) & 0x7fff_ffff) % POWERS[digits as 6 | 8];
  return String(number).padStart(digits, '0');
}

/** The time step of RFC 6238; times in milliseconds, `step` and `shift` in seconds. */
export function timeStepAt(time: number, step: number, shift: number): number {
  return Math.floor((time / 1000 + shift) / step);
}

/**
 * The first counter from `from` to `to`, both included, whose value this is; undefined: none. All of them are computed, so that the time
 * does not tell whether there is one; `atOnce`: whoever asks is told anyway, and the search ends with it.
 */
export function findCounter(
  seed: Uint8Array,
  value: string,
  [from, to]: readonly [number, number],
  digits: number,
  hash: HashName,
  atOnce = false,
): number | undefined {
  const given = Buffer.from(value);
  const key = createSecretKey(seed);
  let found: number | undefined;
  for (let counter = from; counter <= to && !(atOnce && found !== undefined); counter++) {
    const own = Buffer.from(hotp(key, counter, digits, hash));
    if (given.length === own.length && timingSafeEqual(given, own)) found ??= counter;
  }
  return found;
}
