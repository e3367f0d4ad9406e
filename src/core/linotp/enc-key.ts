/**
 * LinOTP's encKey file: AES-256 keys of 32 bytes, one after the other, of which the first encrypts tokens (AES-CBC, no MAC).
 *
 * What is encrypted is text in hexadecimal digits, filled up with PKCS #7 by LinOTP 3 and later, with 01 02 and zeros before: either way
 * what follows the digits is no digit. Errors: LINOTP_KEY, LINOTP_VALUE.
 */
import { createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { GatehouseError } from '../../platform/errors.ts';

const KEY_BYTES = 32;
const FILLED = /^((?:[0-9a-f]{2})*)(?:\u0001\u0002\u0000*|([\u0001-\u0010])\2*)$/i;

export class EncKey {
  readonly #tokens: KeyObject;

  constructor(file: Buffer) {
    if (file.length < KEY_BYTES) {
      throw new GatehouseError('LINOTP_KEY', `an encKey file has three keys of ${KEY_BYTES} bytes`, {
        hint: 'LinOTP keeps it as /etc/linotp2/encKey or /etc/linotp/encKey',
      });
    }
    this.#tokens = createSecretKey(file.subarray(0, KEY_BYTES));
  }

  /** `iv` and `data` in hexadecimal digits. Errors: LINOTP_VALUE. */
  open(iv: string, data: string): Buffer {
    try {
      const decipher = createDecipheriv('aes-256-cbc', this.#tokens, Buffer.from(iv, 'hex'));
      decipher.setAutoPadding(false);
      const text = Buffer.concat([decipher.update(Buffer.from(data, 'hex')), decipher.final()]).toString('latin1');
      const [, digits] = FILLED.exec(text) ?? [];
      if (digits !== undefined) return Buffer.from(digits, 'hex');
    } catch {
      // The same to whoever asks.
    }
    throw new GatehouseError('LINOTP_VALUE', 'a value cannot be decrypted', {
      hint: 'does the encKey file belong to this database?',
    });
  }
}
