/**
 * The ways on which requests pass a place of the script: for each thing that may be known of them there, the set of methods of which
 * it is so. Sets are bits.
 */

/** The last one stands for all methods that have no bit of their own. */
const NAMES = [
  ...['INVITE', 'REGISTER', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'PUBLISH'],
  ...['INFO', 'UPDATE', 'PRACK', 'other methods'],
];
const OTHER = NAMES.length - 1;

export const ALL_METHODS = (1 << NAMES.length) - 1;

export function methodSet(...names: readonly string[]): number {
  let set = 0;
  for (const name of names) {
    const index = NAMES.indexOf(name.toUpperCase());
    set |= 1 << (index < 0 ? OTHER : index);
  }
  return set;
}

/** All that the test holds of, and surely those it does not hold of; the other methods may be in both. */
export function divide(test: (method: string) => boolean, namesOther: boolean): { yes: number; no: number } {
  let yes = namesOther ? 1 << OTHER : 0;
  for (let index = 0; index < OTHER; index++) if (test(NAMES[index]!)) yes |= 1 << index;
  return { yes, no: (ALL_METHODS & ~yes) | (1 << OTHER) };
}

/** ACK and CANCEL cannot be challenged (RFC 3261 22.1). */
export const CHALLENGEABLE = ALL_METHODS & ~methodSet('ACK', 'CANCEL');

/** `INVITE, MESSAGE`; of large sets what is not in them: `all methods but REGISTER`. */
export function namesOf(methods: number): string {
  const names = (set: number) => NAMES.filter((_, index) => (set & (1 << index)) !== 0).join(', ');
  const missing = CHALLENGEABLE & ~methods;
  if (missing === 0) return 'all methods';
  return countOf(missing) < countOf(methods) ? `all methods but ${names(missing)}` : names(methods);
}

function countOf(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** What may be known of a request. */
export const Known = {
  /** Who sent it: credentials were right, or its address was asked for. */
  sender: 1,
  /** loose_route() was true. */
  routed: 2,
  /** Where it goes was decided here: it is for one of our domains, or the script or a table named the place. */
  target: 4,
  /** It had its final answer: it cannot be relayed any more. */
  answered: 8,
} as const;
const COMBINATIONS = 16;

/** Methods by what is known; the index is a sum of `Known`. */
export type Ways = readonly number[];

export const NONE: Ways = new Array<number>(COMBINATIONS).fill(0);
export const ENTERING: Ways = [ALL_METHODS, ...NONE.slice(1)];

export const join = (a: Ways, b: Ways): Ways => a.map((methods, index) => methods | b[index]!);
export const only = (ways: Ways, methods: number): Ways => ways.map((set) => set & methods);
export const isEmpty = (ways: Ways): boolean => ways.every((methods) => methods === 0);

/** The same ways, with this known on all of them. */
export function knowing(ways: Ways, known: number): Ways {
  const result = [...NONE];
  for (const [index, methods] of ways.entries()) result[index | known]! |= methods;
  return result;
}

/** The methods of all ways of which just this is known, and of which not. */
export function methodsOf(ways: Ways, known: number, unknown: number): number {
  let methods = 0;
  for (const [index, set] of ways.entries()) if ((index & known) === known && (index & unknown) === 0) methods |= set;
  return methods;
}
