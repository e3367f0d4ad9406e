/** Checks a response of CHAP: RFC 1994 section 4.1, as RADIUS carries it (RFC 2865 section 5.3). */
import { timingSafeEqual } from 'node:crypto';
import { DIGEST, md5, PADDING } from '../../platform/radius/md5.ts';

export interface ChapResponse {
  readonly identifier: number;
  readonly challenge: Uint8Array;
  /** 16 bytes: MD5 over identifier, password and challenge. */
  readonly response: Uint8Array;
}

/** Where what is to be summed is put together, for as long as that takes. */
const scratch = Buffer.alloc(1024);
const sum = Buffer.alloc(DIGEST);

/** True when the response is the one that this password gives. */
export function fitsChap({ identifier, challenge, response }: ChapResponse, password: string): boolean {
  const length = 1 + Buffer.byteLength(password) + challenge.length;
  const bytes = length + PADDING <= scratch.length ? scratch : Buffer.alloc(length + PADDING);
  bytes[0] = identifier;
  bytes.set(challenge, 1 + bytes.write(password, 1));
  md5(bytes, length, sum);
  // So that a clear password does not lie there until the next one comes.
  bytes.fill(0, 0, length);
  return response.length === DIGEST && timingSafeEqual(response, sum);
}
