/**
 * A list of tokens as makers of devices send it: `serial, seed in hex[, hotp or totp[, digits[, seconds of a time step]]]`, one a line.
 *
 * Errors: OTP_PARAMETER with the line, which is not repeated: a seed stands there.
 */
import type { EnrolRequest } from '../../../core/tokens/types.ts';
import { parameterError } from '../fields.ts';

const MOST = 10_000;
const TYPES: Readonly<Record<string, 'hmac' | 'totp'>> = { '': 'hmac', hotp: 'hmac', hmac: 'hmac', totp: 'totp' };

export function readOathCsv(text: string): EnrolRequest[] {
  const found: EnrolRequest[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [serial = '', seed = '', kind = '', digits = '', step = ''] = line.split(',').map((one) => one.trim());
    const type = Object.hasOwn(TYPES, kind.toLowerCase()) ? TYPES[kind.toLowerCase()] : undefined;
    const fault =
      faultOf(/^[A-Za-z0-9_.@-]{1,64}$/, serial, 'a serial') ??
      faultOf(/^(?:[0-9a-fA-F]{2}){10,128}$/, seed, 'a seed of 10 to 128 bytes in hex') ??
      (type === undefined ? 'hotp or totp' : undefined) ??
      faultOf(/^[68]?$/, digits, '6 or 8 digits') ??
      faultOf(/^[0-9]{0,5}$/, step, 'seconds of a time step');
    if (fault !== undefined) throw parameterError(`line ${index + 1}: ${fault} was expected`);
    found.push({
      type: type!,
      serial,
      seed,
      ...(digits === '' ? {} : { otpLength: Number(digits) }),
      ...(step === '' ? {} : { timeStep: Number(step) }),
    });
    if (found.length > MOST) throw parameterError(`a list has at most ${MOST} tokens`);
  }
  if (found.length === 0) throw parameterError('there is no token in the list');
  return found;
}

function faultOf(form: RegExp, text: string, what: string): string | undefined {
  return form.test(text) ? undefined : what;
}
