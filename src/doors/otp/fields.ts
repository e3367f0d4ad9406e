/** Parameters of a call. Errors: OTP_PARAMETER. */
import { GatehouseError } from '../../platform/errors.ts';
import type { HttpRequest } from '../../platform/http-route.ts';

export type Fields = HttpRequest['fields'];

export function requiredField(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw parameterError(`Missing parameter: '${name}'`);
  return value;
}

/** As LinOTP reads switches: `true`, `1`, `yes`, `on`. */
export function isOn(fields: Fields, name: string): boolean {
  return /^(true|1|yes|on)$/i.test(fields.get(name) ?? '');
}

/** Undefined: absent or empty. */
export function wholeNumber(fields: Fields, name: string): number | undefined {
  const text = fields.get(name)?.trim() ?? '';
  if (text === '') return undefined;
  if (!/^[0-9]{1,9}$/.test(text)) throw parameterError(`${name} must be a whole number`);
  return Number(text);
}

export function parameterError(why: string): GatehouseError {
  return new GatehouseError('OTP_PARAMETER', why);
}
