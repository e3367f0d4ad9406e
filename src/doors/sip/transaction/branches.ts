/**
 * Via branches: `z9hG4bK`, owner, counter and 66 random bits, so that a branch names its process, is unique, and cannot be guessed
 * from another one (a guess would let anybody answer in the name of the callee).
 */
import { randomBytes } from 'node:crypto';

/** RFC 3261 section 8.1.1.7: marks branches that are unique. */
export const MAGIC_COOKIE = 'z9hG4bK';

/** Ends the branch of a request of our own: its responses lead nowhere further, and have no other Via. */
export const OWN_REQUEST = '.own';

const RANDOM_LENGTH = 11;
const POOL_BYTES = 12_288;

/** `owner` is a token without dots. */
export function branchMaker(owner: string): () => string {
  const prefix = `${MAGIC_COOKIE}${owner}.`;
  let pool = '';
  let at = 0;
  let count = 0;

  function nextBranch(): string {
    // Random bytes are bought for about 1,500 branches at a time: a crypto call for each would cost more than the rest.
    if (at + RANDOM_LENGTH > pool.length) {
      pool = randomBytes(POOL_BYTES).toString('base64url');
      at = 0;
    }
    at += RANDOM_LENGTH;
    return `${prefix}${(++count).toString(36)}.${pool.slice(at - RANDOM_LENGTH, at)}`;
  }

  return nextBranch;
}
