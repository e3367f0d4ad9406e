/**
 * PINs as they are kept: salt and HMAC-SHA-256 under a key from the key file, bound to the serial. Too few PINs exist for a slow hash to
 * save them; without the key file nothing can be tried on a copy of the database.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../secrets/keyring.ts';

const SALT_BYTES = 16;

export class Pins {
  readonly #key: Buffer;

  constructor(keyring: Pick<Keyring, 'derive'>) {
    this.#key = keyring.derive('token-pin');
  }

  /** What is kept; empty for an empty PIN, which is one too. */
  keep(pin: string, serial: string): string {
    if (pin === '') return '';
    const salt = randomBytes(SALT_BYTES);
    return `${salt.toString('base64url')}.${this.#mac(pin, serial, salt).toString('base64url')}`;
  }

  /** Takes the same time whether a PIN is set or not. */
  matches(pin: string, serial: string, kept: string): boolean {
    const dot = kept.indexOf('.');
    const salt = dot < 0 ? Buffer.alloc(SALT_BYTES) : Buffer.from(kept.slice(0, dot), 'base64url');
    const own = dot < 0 ? this.#mac('', serial, salt) : Buffer.from(kept.slice(dot + 1), 'base64url');
    const given = this.#mac(pin, serial, salt);
    return own.length === given.length && timingSafeEqual(own, given);
  }

  #mac(pin: string, serial: string, salt: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(salt).update(`${serial}\0${pin}`).digest();
  }
}
