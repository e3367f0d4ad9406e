/**
 * The code of a voucher: ten characters of Crockford's base 32, 50 bits of chance, so that among a million vouchers a guess is right once in a
 * thousand million. There is no I, L, O or U in it; whoever types one of the first three means 1 or 0.
 */
import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 10;
/** With the hyphens and blanks that people put in. */
const LONGEST_TYPED = 40;

export function newCode(): string {
  let code = '';
  for (let i = 0; i < LENGTH; i++) code += ALPHABET[randomInt(ALPHABET.length)];
  return code;
}

/** As it is printed. */
export function codeText(code: string): string {
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}

/** What somebody typed, as `newCode` gives it; undefined: it can be none. */
export function readCode(typed: string): string | undefined {
  if (typed.length > LONGEST_TYPED) return undefined;
  const code = typed.replaceAll(/[\s-]/g, '').toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return code.length === LENGTH && [...code].every((one) => ALPHABET.includes(one)) ? code : undefined;
}
