/**
 * The two options that every class has for numbers (LinOTP manual 1.9.2, "Generic Options").
 *
 * `MSISDN`, on when its text is "true" in any case: blanks around are cut, a leading `+` stays, all else but digits goes.
 * `SUPPRESS_PREFIX`, afterwards: a number that begins with it loses it once. Errors: SMS_NUMBER.
 */
import * as z from 'zod';
import { GatehouseError } from '../platform/errors.ts';

export const NUMBER_OPTIONS = {
  MSISDN: z.union([z.string(), z.boolean()]).optional(),
  SUPPRESS_PREFIX: z.string().max(32).optional(),
};

export interface NumberOptions {
  readonly MSISDN?: string | boolean | undefined;
  readonly SUPPRESS_PREFIX?: string | undefined;
}

const LONGEST = 64;

export function gatewayNumber(number: string, { MSISDN, SUPPRESS_PREFIX = '' }: NumberOptions): string {
  let text = number;
  if (String(MSISDN).toLowerCase() === 'true') {
    const bare = text.trim();
    text = (bare.startsWith('+') ? '+' : '') + bare.replace(/[^0-9]/g, '');
  }
  if (SUPPRESS_PREFIX !== '') {
    text = text.trimStart();
    if (text.startsWith(SUPPRESS_PREFIX)) text = text.slice(SUPPRESS_PREFIX.length);
  }
  if (text !== '' && text !== '+' && text.length <= LONGEST && !/[\u0000-\u001f\u007f]/.test(text)) return text;
  throw new GatehouseError('SMS_NUMBER', `${JSON.stringify(number.slice(0, LONGEST))} is no number to send to`, {
    hint: 'write the number of the token as +491701234567, and look at MSISDN and SUPPRESS_PREFIX of the provider',
  });
}
