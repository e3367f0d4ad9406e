/**
 * PINs as they are kept: salt and HMAC-SHA-256 under a key from the key file, bound to the serial. Too few PINs exist for a slow hash to
 * save them; without the key file nothing can be tried on a copy of the database.
 *
 * Kept as `salt.mac`, or where it came from another token `salt.mac/serial` with that one's serial (and those before it): the HMAC of
 * before is bound once more, to the serial that it came to. A PIN of LinOTP is known as SHA-256 over PIN and salt only: that is bound to the
 * serial in place of the PIN, and a `~` stands before it.
 */
import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../secrets/keyring.ts';

const SALT_BYTES = 16;
/** What the column holds. */
const LONGEST = 128;

export class Pins {
  readonly #key: KeyObject;

  constructor(keyring: Pick<Keyring, 'derive'>) {
    this.#key = createSecretKey(keyring.derive('token-pin'));
  }

  /** What is kept; empty for an empty PIN, which is one too. */
  keep(pin: string, serial: string): string {
    if (pin === '') return '';
    const salt = randomBytes(SALT_BYTES);
    return `${salt.toString('base64url')}.${this.#mac(pin, serial, salt).toString('base64url')}`;
  }

  /** What is kept of a PIN of LinOTP: `hash` is SHA-256 over PIN and `salt`. */
  keepLinotp(hash: Buffer, salt: Buffer, serial: string): string {
    return `~${salt.toString('base64url')}.${this.#bind(hash, serial).toString('base64url')}`;
  }

  /** What is kept of the same PIN for another token. Undefined: it came through too many tokens to be kept. */
  copy(kept: string, from: string, to: string): string | undefined {
    if (kept === '') return '';
    const [own, ...before] = kept.split('/');
    // With the `~` of LinOTP, where there is one.
    const [salt = '', mac = ''] = own!.split('.');
    const bound = this.#bind(Buffer.from(mac, 'base64url'), to).toString('base64url');
    const copied = [`${salt}.${bound}`, ...before, from].join('/');
    return copied.length > LONGEST ? undefined : copied;
  }

  /** Takes the same time whether a PIN is set or not. */
  matches(pin: string, serial: string, kept: string): boolean {
    if (kept.includes('/') || kept.startsWith('~')) return this.#matchesBrought(pin, serial, kept);
    const dot = kept.indexOf('.');
    const salt = dot < 0 ? Buffer.alloc(SALT_BYTES) : Buffer.from(kept.slice(0, dot), 'base64url');
    const own = dot < 0 ? this.#mac('', serial, salt) : Buffer.from(kept.slice(dot + 1), 'base64url');
    const given = this.#mac(pin, serial, salt);
    return own.length === given.length && timingSafeEqual(own, given);
  }

  /** Of a PIN that came from another token, or from LinOTP. */
  #matchesBrought(pin: string, serial: string, kept: string): boolean {
    const [whole = '', ...before] = kept.split('/');
    const isLinotp = whole.startsWith('~');
    const [salt = '', mac = ''] = whole.slice(isLinotp ? 1 : 0).split('.');
    const salted = Buffer.from(salt, 'base64url');
    const [first = '', ...later] = [...before, serial];
    let given = isLinotp
      ? this.#bind(createHash('sha256').update(pin).update(salted).digest(), first)
      : this.#mac(pin, first, salted);
    for (const next of later) given = this.#bind(given, next);
    const own = Buffer.from(mac, 'base64url');
    return own.length === given.length && timingSafeEqual(own, given);
  }

  #bind(mac: Buffer, serial: string): Buffer {
    return createHmac('sha256', this.#key).update(`copy\0${serial}\0`).update(mac).digest();
  }

  #mac(pin: string, serial: string, salt: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(salt).update(`${serial}\0${pin}`).digest();
  }
}
