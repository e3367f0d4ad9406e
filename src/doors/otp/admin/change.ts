/**
 * /admin/set: one or more properties of a token, or of all tokens of a user. The reply counts for each how many were changed.
 *
 * Errors: OTP_PARAMETER, those of targetOf and TokenDesk.
 */
import type { TokenChange } from '../../../core/tokens/types.ts';
import type { Caller, Outcome } from '../call.ts';
import { type Fields, parameterError, wholeNumber } from '../fields.ts';
import { hashName } from './enrol.ts';
import { type TokenParts, targetOf } from './target.ts';

type Read = (text: string, fields: Fields, name: string) => TokenChange;

const number =
  (property: keyof TokenChange): Read =>
  (_text, fields, name) => {
    const value = wholeNumber(fields, name);
    if (value === undefined) throw parameterError(`${name} must be a whole number`);
    return { [property]: value };
  };

/** By LinOTP's names; `hashlib` and the like as in init. */
const PROPERTIES: Readonly<Record<string, Read>> = {
  pin: (pin) => ({ pin }),
  description: (description) => ({ description }),
  phone: (phone) => ({ phone }),
  MaxFailCount: number('maxFailCount'),
  SyncWindow: number('syncWindow'),
  CounterWindow: number('countWindow'),
  OtpLen: number('otpLength'),
  hashlib: (text) => ({ hash: hashName(text) }),
  timeWindow: number('timeWindow'),
  timeStep: number('timeStep'),
  timeShift: (text) => ({ timeShift: shiftOf(text) }),
  countAuth: number('countAuth'),
  countAuthMax: number('countAuthMax'),
  countAuthSuccess: number('countAuthSuccess'),
  countAuthSuccessMax: number('countAuthSuccessMax'),
  validityPeriodStart: (text) => ({ validFrom: timeOf(text) }),
  validityPeriodEnd: (text) => ({ validUntil: timeOf(text) }),
};

export async function setTokens(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const given = Object.entries(PROPERTIES).filter(([name]) => fields.has(name));
  if (given.length === 0) throw parameterError(`there is nothing to set: ${Object.keys(PROPERTIES).join(', ')}`);
  const change = Object.assign(
    {},
    ...given.map(([name, read]) => read(fields.get(name)!, fields, name)),
  ) as TokenChange;
  const actions = new Set(given.map(([name]) => (name === 'pin' ? 'setOTPPIN' : 'set')));
  let which = {};
  for (const action of actions) which = (await targetOf(fields, action, caller, parts)).which;
  const count = await parts.tokens.set(which, change, caller.by);
  return { value: Object.fromEntries(given.map(([name]) => [`set ${name}`, count])) };
}

function shiftOf(text: string): number {
  if (/^-?[0-9]{1,9}$/.test(text)) return Number(text);
  throw parameterError('timeShift must be a whole number');
}

/** `22/11/26 10:30`, in the time zone of the server; empty: no bound. */
function timeOf(text: string): number {
  if (text === '') return 0;
  const found = /^(\d{1,2})\/(\d{1,2})\/(\d{2}) (\d{1,2}):(\d{2})$/.exec(text.trim());
  if (!found) throw parameterError('a validity period is written as 22/11/26 10:30');
  const [day, month, year, hour, minute] = found.slice(1).map(Number) as [number, number, number, number, number];
  return new Date(2000 + year, month - 1, day, hour, minute).getTime();
}
