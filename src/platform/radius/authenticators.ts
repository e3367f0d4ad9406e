/**
 * What proves that a packet comes from somebody who knows the secret, and that an answer belongs to its request.
 *
 * Sources: RFC 2865 section 3 (Response Authenticator), RFC 2866 section 3 and RFC 5176 section 2.3 (Request Authenticator as a sum), RFC 3579 section 3.2
 * (Message-Authenticator). MD5 is what the protocol has; the Message-Authenticator is an HMAC, and not what Blast-RADIUS breaks.
 */
import { timingSafeEqual } from 'node:crypto';
import { BLOCK, DIGEST, type Md5State, md5, md5Block, PADDING } from './md5.ts';
import { ATTRIBUTE, isSummed } from './numbers.ts';
import { MAX_PACKET, type Packet } from './packet.ts';

export const ZEROS = Buffer.alloc(16);

/** Of a secret that is summed as it is; others are too long for any equipment. */
const LONGEST_SECRET = 1024;
/** Where what is to be summed is put together. */
const scratch = Buffer.alloc(MAX_PACKET + LONGEST_SECRET + PADDING);
/** What the functions below give: good until the next of them is called. */
const sum = Buffer.alloc(DIGEST);

/** What HMAC makes of a secret before it sees a message (RFC 2104). */
interface HmacKey {
  readonly inner: Md5State;
  readonly outer: Md5State;
}
const keys = new WeakMap<Buffer, HmacKey>();

/** MD5 over the packet with `authenticator` in place of its own, and the secret. */
export function packetDigest(bytes: Buffer, authenticator: Buffer, secret: Buffer): Buffer {
  scratch.set(bytes);
  scratch.set(authenticator, 4);
  scratch.set(secret, bytes.length);
  md5(scratch, bytes.length + secret.length, sum);
  return sum;
}

/** HMAC-MD5 over the packet with `authenticator` in place of its own and zeros in place of the value of the attribute at `at`. */
export function messageDigest(bytes: Buffer, at: number, authenticator: Buffer, secret: Buffer): Buffer {
  const { inner, outer } = keyOf(secret);
  scratch.set(bytes);
  scratch.set(authenticator, 4);
  scratch.fill(0, at + 2, at + 18);
  md5(scratch, bytes.length, sum, inner, BLOCK);
  scratch.set(sum);
  md5(scratch, DIGEST, sum, outer, BLOCK);
  return sum;
}

/** MD5 over the secret and what hides a block of 16 bytes with it (RFC 2865 section 5.2). */
export function hidingDigest(secret: Buffer, before: Buffer): Buffer {
  scratch.set(secret);
  scratch.set(before, secret.length);
  md5(scratch, secret.length + before.length, sum);
  return sum;
}

function keyOf(secret: Buffer): HmacKey {
  const known = keys.get(secret);
  if (known !== undefined) return known;
  const key = Buffer.alloc(BLOCK);
  if (secret.length > BLOCK) key.set(hidingDigest(secret, ZEROS.subarray(0, 0)));
  else key.set(secret);
  const made = { inner: md5Block(key.map((byte) => byte ^ 0x36)), outer: md5Block(key.map((byte) => byte ^ 0x5c)) };
  keys.set(secret, made);
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
