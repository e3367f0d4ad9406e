/** Checks of parameter values and function arguments that several modules share. A complaint has lower case and no full stop. */
import { describeError } from '../../../platform/errors.ts';
import { Pattern } from '../script/pattern.ts';
import type { ParameterSpec, ParameterValues } from '../script/types.ts';
import { variableEnd } from '../script/values/name.ts';
import type { Services } from '../services.ts';

/** The parameter of modules that ask a table. */
export const databaseUrl: ParameterSpec = {
  name: 'db_url',
  type: 'string',
  default: null,
  secret: true,
  describe: "Database with the tables; unset: Gatehouse's own.",
};

/** The database that it means. */
export function databaseOf({ db_url: url }: ParameterValues, services: Services): string {
  return typeof url === 'string' && url !== '' ? services.database(url) : 'main';
}

/** 0 or 1, as most parameters of the modules are. */
export function flag(value: string | number): string | undefined {
  return value === 0 || value === 1 ? undefined : `must be 0 or 1, but is ${value}`;
}

/** A name of a table or column. */
export function sqlName(value: string | number): string | undefined {
  return /^[A-Za-z_][A-Za-z0-9_$]{0,63}$/.test(String(value))
    ? undefined
    : `is no name of a table or column: "${value}"`;
}

/** A number in digits, within bounds. */
export function numberText(text: string, min: number, max: number): string | undefined {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max
    ? undefined
    : `must be a number from ${min} to ${max} in quotes, but is "${text}"`;
}

/** A POSIX extended regular expression. */
export function expression(text: string): string | undefined {
  try {
    new Pattern(text);
    return undefined;
  } catch (error) {
    return `is no regular expression: ${describeError(error)}`;
  }
}

/** A status in quotes. */
export function statusText(text: string): string | undefined {
  return /^[1-6]\d\d$/.test(text) ? undefined : `must be a status from 100 to 699 in quotes, but is "${text}"`;
}

/** Text that goes into a header or start line as it stands. */
export function lineText(text: string): string | undefined {
  return /[\r\n\0]/.test(text) ? 'must not hold a line break' : undefined;
}

/** URI parameters as rr appends them: `;name=value`. */
export function uriParameters(text: string): string | undefined {
  return /^(;[^;<>"\s,]+)+$/.test(text) ? undefined : `must look like ";name=value", but is "${text}"`;
}

/** One variable and nothing more. */
export function isVariable(text: string): boolean {
  return text.length > 1 && text.startsWith('$') && variableEnd(text, 0, text.length) === text.length;
}

/** An AVP as `$avp(s:name)`, or as SER writes it, `s:name`: the variable that it is. Undefined: it is none. */
export function avpText(text: string): string | undefined {
  if (/^[isIS](\d{1,3})?:[^\s:$(){}]+$/.test(text)) return `$avp(${text[0]!.toLowerCase()}${text.slice(1)})`;
  return isVariable(text) && /^\$(avp\(|\(avp\()/.test(text) ? text : undefined;
}
