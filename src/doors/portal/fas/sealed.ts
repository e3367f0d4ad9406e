/**
 * What passes between the door and a FAS, as PHP and nodogsplash 4.5.1 compute it.
 *
 * `hid` is the hash of a client's token, which the FAS sees; `rhid`, made of it with the shared key, is what it gives back. A sealed
 * text is AES-256-CBC with the key filled up with zero bytes, in base64 of base64; its initialisation vector is 16 hex digits.
 */
import { createCipheriv, hash, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
const IV_LENGTH = 16;

export interface Sealed {
  readonly fas: string;
  readonly iv: string;
}

export function hashedId(token: string): string {
  return hash('sha256', token);
}

export function returnedId(token: string, key: string): string {
  return hash('sha256', hashedId(token) + key);
}

export function seal(text: string, key: string, iv = randomBytes(IV_LENGTH / 2).toString('hex')): Sealed {
  const padded = Buffer.alloc(KEY_BYTES);
  padded.write(key, 'latin1');
  const cipher = createCipheriv('aes-256-cbc', padded, iv);
  const inner = cipher.update(text, 'utf8', 'base64') + cipher.final('base64');
  return { fas: Buffer.from(inner, 'latin1').toString('base64'), iv };
}
