/**
 * Numbers that may be called: `+` and the whole number with its country (E.164), one that its country could have given out; or two to eight
 * digits, an extension of the exchange that the line hangs on.
 *
 * An extension begins with no zero: that would lead out of the house. Errors: NUMBER_INVALID.
 */
import { GatehouseError } from '../../platform/errors.ts';

const LONGEST_SHOWN = 40;

/** `mayBeExtension`: only an administrator may name one; what callers type could be an emergency number. */
export async function telephoneNumber(text: string, mayBeExtension: boolean): Promise<string> {
  const bare = text.slice(0, 80).replace(/[ ()/.-]/g, '');
  if (mayBeExtension && /^[1-9][0-9]{1,7}$/.test(bare)) return bare;
  if (/^\+[0-9]{4,15}$/.test(bare)) {
    // It knows the numbers of all countries: loaded by who wants it.
    const { parsePhoneNumberFromString } = await import('libphonenumber-js/min');
    const parsed = parsePhoneNumberFromString(bare);
    if (parsed?.isValid()) return parsed.number;
  }
  throw new GatehouseError('NUMBER_INVALID', `${JSON.stringify(text.slice(0, LONGEST_SHOWN))} cannot be called back`, {
    hint: 'write it with its country, +493023125000; or an extension of two to eight digits, not beginning with 0',
  });
}
