/**
 * User-Password: 16 to 128 bytes, hidden by MD5 of the secret and of what went before (RFC 2865 section 5.2); and keys that answers carry, hidden
 * likewise with a salt (RFC 2548 section 2.4.2).
 */
import { randomBytes } from 'node:crypto';
import { hidingDigest } from './authenticators.ts';

const BLOCK = 16;
const LONGEST = 128;

/** `authenticator`: of the request. Errors: RangeError for a password of more than 128 bytes. */
export function hidePassword(password: Buffer, authenticator: Buffer, secret: Buffer): Buffer {
  if (password.length > LONGEST) throw new RangeError('User-Password holds 128 bytes');
  const length = Math.max(BLOCK, Math.ceil(password.length / BLOCK) * BLOCK);
  const hidden = Buffer.alloc(length);
  password.copy(hidden);
  for (let at = 0, before = authenticator; at < length; at += BLOCK) {
    const block = hidden.subarray(at, at + BLOCK);
    mix(block, before, secret);
    before = block;
  }
  return hidden;
}

/** Undefined: not of this form. With a wrong secret something comes out, but not the password. */
export function revealPassword(hidden: Buffer, authenticator: Buffer, secret: Buffer): Buffer | undefined {
  if (hidden.length < BLOCK || hidden.length > LONGEST || hidden.length % BLOCK !== 0) return undefined;
  const password = Buffer.from(hidden);
  for (let at = 0; at < hidden.length; at += BLOCK) {
    const before = at === 0 ? authenticator : hidden.subarray(at - BLOCK, at);
    mix(password.subarray(at, at + BLOCK), before, secret);
  }
  let end = password.length;
  while (end > 0 && password[end - 1] === 0) end--;
  return password.subarray(0, end);
}

/** `index`: 0 to 3, another one for each key of a packet, since no salt may come twice there. */
export function hideTunnelPassword(key: Buffer, index: number, authenticator: Buffer, secret: Buffer): Buffer {
  const salt = randomBytes(2);
  salt[0]! |= 0x80;
  salt[1] = (salt[1]! & ~3) | index;
  const hidden = Buffer.alloc(Math.ceil((1 + key.length) / BLOCK) * BLOCK);
  hidden[0] = key.length;
  key.copy(hidden, 1);
  for (let at = 0, before = Buffer.concat([authenticator, salt]); at < hidden.length; at += BLOCK) {
    const block = hidden.subarray(at, at + BLOCK);
    mix(block, before, secret);
    before = block;
  }
  return Buffer.concat([salt, hidden]);
}

/** Undefined: not of this form, or hidden with another secret. */
export function revealTunnelPassword(value: Buffer, authenticator: Buffer, secret: Buffer): Buffer | undefined {
  const hidden = value.subarray(2);
  if (hidden.length < BLOCK || hidden.length % BLOCK !== 0) return undefined;
  const plain = Buffer.from(hidden);
  for (let at = 0; at < hidden.length; at += BLOCK) {
    const before = at === 0 ? Buffer.concat([authenticator, value.subarray(0, 2)]) : hidden.subarray(at - BLOCK, at);
    mix(plain.subarray(at, at + BLOCK), before, secret);
  }
  return plain[0]! < plain.length ? plain.subarray(1, 1 + plain[0]!) : undefined;
}

function mix(block: Buffer, before: Buffer, secret: Buffer): void {
  const mask = hidingDigest(secret, before);
  for (let i = 0; i < BLOCK; i++) block[i]! ^= mask[i]!;
}
