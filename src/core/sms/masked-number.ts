/** A telephone number as lists and the audit trail may hold it: its last three digits, and how long it is. */

const SHOWN = 3;

export function maskedNumber(number: string): string {
  const digits = number.replace(/[^0-9]/g, '').slice(0, 32);
  // Of a short one as little as of a long one.
  const shown = digits.length > 2 * SHOWN ? digits.slice(-SHOWN) : '';
  return '*'.repeat(digits.length - shown.length) + shown;
}
