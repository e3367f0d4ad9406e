/** Comparing secrets in a time that tells nothing of where they differ. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Equal texts of any length; their lengths do not show either. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}

const KEY = randomBytes(32).toString('latin1');

/** What may be kept of a secret to know it again within this process: hex, and nothing to anybody who has not its memory. */
export function markOf(secret: string): string {
  return hash('sha256', KEY + secret);
}

/** Equal hex digests; the length is public. Plain arithmetic: without the buffers that timingSafeEqual wants. */
export function sameHex(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
