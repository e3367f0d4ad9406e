/** Values and rows as LinOTP writes them, for tests. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { LINOTP_COLUMNS, type LinotpRow } from './tokens.ts';

/** `old`: filled up as LinOTP 2 does. Gives `iv` and `data` in hexadecimal digits. */
export function encrypted(encKey: Buffer, value: string, old = false): { iv: string; data: string } {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', encKey.subarray(0, 32), iv);
  let text = Buffer.from(value).toString('hex');
  if (old) {
    cipher.setAutoPadding(false);
    text += '\u0001\u0002';
    text = text.padEnd(16 * Math.ceil(text.length / 16), '\0');
  }
  const data = Buffer.concat([cipher.update(text, 'latin1'), cipher.final()]);
  return { iv: iv.toString('hex'), data: data.toString('hex') };
}

/** A row of a token with this seed (hex), PIN and what else is told; columns that are not are as LinOTP leaves them. */
export function linotpRow(
  encKey: Buffer,
  { seed, pin, encryptPin = false, old = false }: { seed: string; pin: string; encryptPin?: boolean; old?: boolean },
  given: Partial<Record<(typeof LINOTP_COLUMNS)[number], string>>,
  realms: readonly string[] = [],
): LinotpRow {
  const key = encrypted(encKey, seed, old);
  const salt = randomBytes(16);
  const secret = encrypted(encKey, pin, old);
  const kept = encryptPin
    ? `@@${Buffer.from(`${secret.iv}:${secret.data}`).toString('hex')}`
    : createHash('sha256').update(pin).update(salt).digest('hex');
  const usual = {
    LinOtpTokenType: 'HMAC',
    LinOtpTokenDesc: '',
    LinOtpTokenInfo: '',
    LinOtpSeed: salt.toString('hex'),
    LinOtpPinHash: kept,
    LinOtpKeyIV: key.iv,
    LinOtpKeyEnc: key.data,
    LinOtpOtpLen: '6',
    LinOtpMaxFail: '10',
    LinOtpIsactive: '1',
    LinOtpFailCount: '0',
    LinOtpCount: '0',
    LinOtpCountWindow: '10',
    LinOtpSyncWindow: '1000',
  };
  const all: Readonly<Record<string, string>> = { ...usual, ...given };
  return { cells: LINOTP_COLUMNS.map((column) => all[column] ?? null), realms };
}
