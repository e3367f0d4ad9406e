/**
 * A fast hash of short texts for tables in memory, different in each process, so that nobody outside can aim at a slot.
 * FNV-1a from a random start with a final mix; not for anything that leaves the process.
 */
import { randomInt } from 'node:crypto';

const SEED = randomInt(2 ** 32);

/** 32 bits, signed; `seed` joins several texts into one hash. */
export function keyedHash(text: string, seed: number = SEED): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
