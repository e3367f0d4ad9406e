/** A whole number given on the command line. Errors: ARGUMENTS_INVALID. */
import { GatehouseError } from '../platform/errors.ts';

export function wholeNumber(name: string, text: string, low: number, high: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw new GatehouseError('ARGUMENTS_INVALID', `must be a whole number from ${low} to ${high}, but is \`${text}\``, {
    where: name,
  });
}
