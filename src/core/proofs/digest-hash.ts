/**
 * The hash functions of HTTP Digest (RFC 7616 section 3, RFC 8760 section 2) over texts as they came over the wire.
 *
 * Wire texts are latin1, one character per byte; passwords are Unicode and count as UTF-8. Results are lower-case hex.
 */
import { hash } from 'node:crypto';
import type { DigestAlgorithm } from '../users/types.ts';

const NODE_NAME: Readonly<Record<DigestAlgorithm, string>> = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
};

/** H(text) of a wire text. */
export function digestHash(text: string, algorithm: DigestAlgorithm): string {
  // `hash` writes strings as UTF-8, which is the same as latin1 while all is ASCII.
  const ascii = Buffer.byteLength(text) === text.length;
  return hash(NODE_NAME[algorithm], ascii ? text : Buffer.from(text, 'latin1'), 'hex');
}

/** H(username:realm:password). */
export function digestHa1(username: string, realm: string, password: string, algorithm: DigestAlgorithm): string {
  const wire = `${username}:${realm}:`;
  return hash(NODE_NAME[algorithm], Buffer.concat([Buffer.from(wire, 'latin1'), Buffer.from(password)]), 'hex');
}
