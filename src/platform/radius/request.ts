/**
 * Writes a request. The Message-Authenticator comes first, so that nobody on the way can use the packet for a forgery (CVE-2024-3596).
 *
 * Errors: RangeError for attributes that do not fit a packet.
 */
import { type Attribute, putAttribute } from './attributes.ts';
import { messageDigest, packetDigest, ZEROS } from './authenticators.ts';
import { ATTRIBUTE, isSummed } from './numbers.ts';
import { HEADER_LENGTH, MAX_PACKET } from './packet.ts';

export interface RequestParts {
  readonly code: number;
  readonly identifier: number;
  /** Random; not looked at where it is a sum. */
  readonly authenticator: Buffer;
  readonly attributes: readonly Attribute[];
}

export function writeRequest(
  { code, identifier, authenticator, attributes }: RequestParts,
  secret: Buffer,
  { signed = true }: { signed?: boolean } = {},
): Buffer {
  let length = HEADER_LENGTH + (signed ? 18 : 0);
  for (const { value } of attributes) length += 2 + value.length;
  if (length > MAX_PACKET) throw new RangeError('a RADIUS packet holds 4096 bytes');
  const bytes = Buffer.alloc(length);
  const summed = isSummed(code);
  const before = summed ? ZEROS : authenticator;
  bytes[0] = code;
  bytes[1] = identifier;
  bytes.writeUInt16BE(length, 2);
  before.copy(bytes, 4);
  let at = HEADER_LENGTH;
  if (signed) at = putAttribute(bytes, at, ATTRIBUTE.messageAuthenticator, ZEROS);
  for (const { type, value } of attributes) at = putAttribute(bytes, at, type, value);
  if (signed) messageDigest(bytes, HEADER_LENGTH, before, secret).copy(bytes, HEADER_LENGTH + 2);
  if (summed) packetDigest(bytes, ZEROS, secret).copy(bytes, 4);
  return bytes;
}
