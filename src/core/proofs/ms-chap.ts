/**
 * MS-CHAP and MS-CHAPv2 as RADIUS carries them: checks a response, and makes what the other side needs to believe us and to encrypt.
 *
 * Sources: RFC 2433, RFC 2759 section 8, RFC 3079 section 3. Names are those of the RFCs. MD4 and DES are what the protocol has: whoever
 * records an exchange can find the NT hash behind it in a day, so it belongs inside of TLS or on a line that nobody hears.
 */
import { createCipheriv, createHash, timingSafeEqual } from 'node:crypto';
import { md4 } from './md4.ts';

export interface MsChapResponse {
  readonly version: 1 | 2;
  /** As the user wrote it, without what stands before a backslash; only version 2 hashes it. */
  readonly username: string;
  /** Of 8 bytes in version 1, of 16 in version 2. */
  readonly challenge: Uint8Array;
  /** 16 bytes; empty in version 1. */
  readonly peerChallenge: Uint8Array;
  /** NT-Response: 24 bytes. */
  readonly response: Uint8Array;
}

export interface MsChapKeys {
  /** `S=` and 40 hex digits, by which the other side knows that we know the password; empty in version 1. */
  readonly success: string;
  /** 16 bytes each, from the NAS's point of view; in version 1 both are what the session keys are made of. */
  readonly send: Buffer;
  readonly receive: Buffer;
}

const SIGNING = Buffer.from('Magic server to client signing constant');
const ITERATION = Buffer.from('Pad to make it do more than one iteration');
const MASTER = Buffer.from('This is the MPPE Master Key');
const CLIENT_SENDS = Buffer.from(
  'On the client side, this is the send key; on the server side, it is the receive key.',
);
const SERVER_SENDS = Buffer.from(
  'On the client side, this is the receive key; on the server side, it is the send key.',
);
const PAD_1 = Buffer.alloc(40);
const PAD_2 = Buffer.alloc(40, 0xf2);

/** True when the response is the one that this password gives. */
export function fitsMsChap(given: MsChapResponse, password: string): boolean {
  const expected = challengeResponse(challengeOf(given), ntPasswordHash(password));
  return given.response.length === expected.length && timingSafeEqual(given.response, expected);
}

/** For a response that fits. */
export function msChapKeys(given: MsChapResponse, password: string): MsChapKeys {
  const hashHash = md4(ntPasswordHash(password));
  if (given.version === 1) return { success: '', send: hashHash, receive: hashHash };
  const digest = sha1(hashHash, given.response, SIGNING);
  const success = `S=${sha1(digest, challengeOf(given), ITERATION).toString('hex').toUpperCase()}`;
  const master = sha1(hashHash, given.response, MASTER).subarray(0, 16);
  const keyFor = (magic: Buffer) => sha1(master, PAD_1, magic, PAD_2).subarray(0, 16);
  return { success, send: keyFor(SERVER_SENDS), receive: keyFor(CLIENT_SENDS) };
}

export function ntPasswordHash(password: string): Buffer {
  return md4(Buffer.from(password, 'utf16le'));
}

/** Eight bytes: the challenge of version 1, or ChallengeHash of version 2. */
function challengeOf({ version, username, challenge, peerChallenge }: MsChapResponse): Uint8Array {
  if (version === 1) return challenge;
  return sha1(peerChallenge, challenge, Buffer.from(username)).subarray(0, 8);
}

/** 24 bytes: the challenge under three keys, which are seven bytes of the hash each, the last one filled with zeros. */
export function challengeResponse(challenge: Uint8Array, hash: Buffer): Buffer {
  const keys = Buffer.alloc(21);
  hash.copy(keys);
  return Buffer.concat([0, 7, 14].map((at) => desEncrypt(challenge, keys.subarray(at, at + 7))));
}

/** One block of DES: three times DES with one key, since OpenSSL 3 has no other. */
function desEncrypt(block: Uint8Array, sevenBytes: Buffer): Buffer {
  const bits = BigInt(`0x${sevenBytes.toString('hex')}`);
  // Seven bits to a byte; the eighth is parity, which nobody looks at.
  const key = Buffer.from(Array.from({ length: 8 }, (_, i) => Number((bits >> BigInt(49 - 7 * i)) & 0x7fn) << 1));
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null);
  return cipher.setAutoPadding(false).update(block);
}

function sha1(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
