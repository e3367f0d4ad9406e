/** Comparing secrets in a time that tells nothing of where they differ. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Equal texts of any length; their lengths do not show either. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

/** Equal hex digests; the length is public. Plain arithmetic: without the buffers that timingSafeEqual wants. */
export function sameHex(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
