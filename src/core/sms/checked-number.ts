/**
 * Numbers looked at before a gateway is paid for them: where a policy asks for it (authentication/sms_number_check), a number has to be one
 * that its country could have given out, and goes out in international form.
 *
 * Errors: SMS_NUMBER.
 */
import type { CountryCode } from 'libphonenumber-js/min';
import { GatehouseError } from '../../platform/errors.ts';

/** `country`: of numbers without one, as two letters; any other word: such numbers are refused. */
export async function checkedNumber(number: string, country: string): Promise<string> {
  // It knows the numbers of all countries: loaded by who wants it.
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const code = country.toUpperCase();
  const parsed = parsePhoneNumberFromString(
    number.slice(0, 80),
    isSupportedCountry(code) ? (code as CountryCode) : undefined,
  );
  if (parsed?.isValid()) return parsed.number;
  throw new GatehouseError('SMS_NUMBER', 'the number is none that a country has given out', {
    hint: 'write it as +491701234567; a policy checks it: sms_number_check=DE is for numbers without a country',
  });
}
