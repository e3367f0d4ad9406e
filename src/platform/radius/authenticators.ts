/**
 * What proves that a packet comes from somebody who knows the secret, and that an answer belongs to its request.
 *
 * Sources: RFC 2865 section 3 (Response Authenticator), RFC 2866 section 3 and RFC 5176 section 2.3 (Request Authenticator as a sum), RFC 3579 section 3.2
 * (Message-Authenticator). MD5 is what the protocol has; the Message-Authenticator is an HMAC, and not what Blast-RADIUS breaks.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { ATTRIBUTE, isSummed } from './numbers.ts';
import { MAX_PACKET, type Packet } from './packet.ts';

export const ZEROS = Buffer.alloc(16);

/** Of MD5, which HMAC fills with the key. */
const BLOCK = 64;
/** Where what is to be summed is put together: one call of `hash` costs a sixth of Node's Hmac, which makes a key object each time. */
const scratch = Buffer.alloc(BLOCK + MAX_PACKET + 1024);
/** The two blocks of HMAC by secret (RFC 2104). */
const blocks = new WeakMap<Buffer, readonly [inner: Buffer, outer: Buffer]>();

/** MD5 over the packet with `authenticator` in place of its own, and the secret. */
export function packetDigest(bytes: Buffer, authenticator: Buffer, secret: Buffer): Buffer {
  const length = bytes.copy(scratch);
  authenticator.copy(scratch, 4);
  return hash('md5', scratch.subarray(0, length + secret.copy(scratch, length)), 'buffer');
}

/** HMAC-MD5 over the packet with `authenticator` in place of its own and zeros in place of the value of the attribute at `at`. */
export function messageDigest(bytes: Buffer, at: number, authenticator: Buffer, secret: Buffer): Buffer {
  const [inner, outer] = blocksOf(secret);
  inner.copy(scratch);
  const end = BLOCK + bytes.copy(scratch, BLOCK);
  authenticator.copy(scratch, BLOCK + 4);
  ZEROS.copy(scratch, BLOCK + at + 2);
  const digest = hash('md5', scratch.subarray(0, end), 'buffer');
  outer.copy(scratch);
  return hash('md5', scratch.subarray(0, BLOCK + digest.copy(scratch, BLOCK)), 'buffer');
}

function blocksOf(secret: Buffer): readonly [inner: Buffer, outer: Buffer] {
  const known = blocks.get(secret);
  if (known !== undefined) return known;
  const key = Buffer.alloc(BLOCK);
  (secret.length > BLOCK ? hash('md5', secret, 'buffer') : secret).copy(key);
  const made = [Buffer.from(key.map((byte) => byte ^ 0x36)), Buffer.from(key.map((byte) => byte ^ 0x5c))] as const;
  blocks.set(secret, made);
  return made;
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
