/**
 * What proves that a packet comes from somebody who knows the secret, and that an answer belongs to its request.
 *
 * Sources: RFC 2865 section 3 (Response Authenticator), RFC 2866 section 3 and RFC 5176 section 2.3 (Request Authenticator as a sum), RFC 3579 section 3.2
 * (Message-Authenticator). MD5 is what the protocol has; the Message-Authenticator is an HMAC, and not what Blast-RADIUS breaks.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ATTRIBUTE, isSummed } from './numbers.ts';
import { HEADER_LENGTH, type Packet } from './packet.ts';

export const ZEROS = Buffer.alloc(16);

/** MD5 over the packet with `authenticator` in place of its own, and the secret. */
export function packetDigest(bytes: Buffer, authenticator: Buffer, secret: Buffer): Buffer {
  return createHash('md5')
    .update(bytes.subarray(0, 4))
    .update(authenticator)
    .update(bytes.subarray(HEADER_LENGTH))
    .update(secret)
    .digest();
}

/** HMAC-MD5 over the packet with `authenticator` in place of its own and zeros in place of the value of the attribute at `at`. */
export function messageDigest(bytes: Buffer, at: number, authenticator: Buffer, secret: Buffer): Buffer {
  return createHmac('md5', secret)
    .update(bytes.subarray(0, 4))
    .update(authenticator)
    .update(bytes.subarray(HEADER_LENGTH, at + 2))
    .update(ZEROS)
    .update(bytes.subarray(at + 18))
    .digest();
}

/** The Message-Authenticator of a request. Of several, or of another length, none is right. */
export function checkMessageAuthenticator(packet: Packet, secret: Buffer): 'right' | 'wrong' | 'none' {
  // A summed authenticator is computed later than the Message-Authenticator.
  return signature(packet, isSummed(packet.code) ? ZEROS : packet.authenticator, secret);
}

/** Whether a summed request was made with this secret. */
export function checkSum({ bytes, authenticator }: Packet, secret: Buffer): boolean {
  return timingSafeEqual(packetDigest(bytes, ZEROS, secret), authenticator);
}

/** Whether an answer belongs to the request with this authenticator. */
export function checkReply(reply: Packet, requested: Buffer, secret: Buffer): 'signed' | 'unsigned' | 'wrong' {
  if (!timingSafeEqual(packetDigest(reply.bytes, requested, secret), reply.authenticator)) return 'wrong';
  const found = signature(reply, requested, secret);
  return found === 'none' ? 'unsigned' : found === 'right' ? 'signed' : 'wrong';
}

function signature(packet: Packet, authenticator: Buffer, secret: Buffer): 'right' | 'wrong' | 'none' {
  const { bytes } = packet;
  const type = ATTRIBUTE.messageAuthenticator;
  const at = packet.find(type);
  if (at === 0) return 'none';
  if (bytes[at + 1] !== 18 || packet.find(type, at + 18) > 0) return 'wrong';
  const digest = messageDigest(bytes, at, authenticator, secret);
  return timingSafeEqual(digest, bytes.subarray(at + 2, at + 18)) ? 'right' : 'wrong';
}
