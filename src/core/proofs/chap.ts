/** Checks a response of CHAP: RFC 1994 section 4.1, as RADIUS carries it (RFC 2865 section 5.3). */
import { hash, timingSafeEqual } from 'node:crypto';

export interface ChapResponse {
  readonly identifier: number;
  readonly challenge: Uint8Array;
  /** 16 bytes: MD5 over identifier, password and challenge. */
  readonly response: Uint8Array;
}

/** True when the response is the one that this password gives. */
export function fitsChap({ identifier, challenge, response }: ChapResponse, password: string): boolean {
  const expected = hash('md5', Buffer.concat([Buffer.of(identifier), Buffer.from(password), challenge]), 'buffer');
  return response.length === expected.length && timingSafeEqual(response, expected);
}
