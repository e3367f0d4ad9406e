/**
 * Checks a digest response: RFC 2617 section 3.2.2, RFC 7616 section 3.4, and the form of RFC 2069 without qop.
 *
 * The nonce, its age and the syntax are the door's to check; nonce counts are checked in nonce-counts.ts.
 */
import type { DigestProof } from '../gate/types.ts';
import { sameHex } from './compare.ts';
import { digestHash } from './digest-hash.ts';

/** True when the response is the one that this HA1 gives. */
export function checkDigest(proof: DigestProof, ha1: string): boolean {
  return sameHex(digestResponse(proof, ha1), proof.response);
}

/** The response a client with this HA1 would send. */
export function digestResponse(proof: Omit<DigestProof, 'response'>, ha1: string): string {
  const { algorithm, qop } = proof;
  const ha2 = ha2Of(proof);
  if (qop === undefined) return digestHash(`${ha1}:${proof.nonce}:${ha2}`, algorithm);
  return digestHash(`${ha1}:${proof.nonce}:${proof.nc}:${proof.cnonce}:${qop}:${ha2}`, algorithm);
}

/** The last one: the registrations of a domain all have the same. */
let last = { method: '', uri: '', algorithm: '', ha2: '' };

function ha2Of({ algorithm, method, uri, qop, body }: Omit<DigestProof, 'response'>): string {
  if (qop === 'auth-int') return digestHash(`${method}:${uri}:${digestHash(body, algorithm)}`, algorithm);
  if (uri !== last.uri || method !== last.method || algorithm !== last.algorithm)
    last = { method, uri, algorithm, ha2: digestHash(`${method}:${uri}`, algorithm) };
  return last.ha2;
}
