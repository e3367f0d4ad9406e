/**
 * avp_check: compares the value of an AVP or variable; with the flag g it is enough that one of an AVP's values fits.
 *
 * A number and a text never fit. `fm` is the shell's way to match: `*`, `?` and `[...]`.
 */
import { Pattern } from '../../script/pattern.ts';
import type { Call, ScriptUses } from '../../script/types.ts';
import type { Value } from '../../script/values/types.ts';
import { checkFlags, checkValue, cutFlags, valueReader } from './arguments.ts';
import { valuesOf } from './memory.ts';

const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
};
const BITS: Readonly<Record<string, (a: number, b: number) => number>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};
const NAMES = [...Object.keys(ORDERS), 're', 'fm', ...Object.keys(BITS)];
/** Patterns that variables brought, one place of the script; beyond, all are forgotten. */
const MOST_PATTERNS = 32;

type Test = (value: Value, wanted: Value) => boolean;

export function check(name: string, text: string, uses: ScriptUses): Call {
  const [operator, value, flags] = partsOf(text);
  const values = valuesOf(name, flags.includes('g'), uses);
  const read = valueReader(value, uses);
  const test = testOf(operator, flags.includes('i'));
  return (run) => {
    const wanted = read(run);
    return values(run).some((one) => test(one, wanted)) ? 1 : -1;
  };
}

export function checkOperation(text: string): string | undefined {
  const [operator, value, flags] = partsOf(text);
  if (!NAMES.includes(operator)) return `must begin with one of ${NAMES.join(', ')} and a \`/\`, but is "${text}"`;
  if (value === '' && !text.includes('/')) return `must have a value behind "${operator}/"`;
  if ((operator === 're' || operator === 'fm') && !value.startsWith('$')) {
    try {
      patternOf(operator, value);
    } catch (error) {
      return `is no expression: ${(error as Error).message}`;
    }
  }
  return checkFlags(flags, 'gi') ?? checkValue(value);
}

/** Operator, value, flags. A value may have a `/` in it: flags are only what is g or i behind the last one. */
function partsOf(text: string): [string, string, string] {
  const [operator, rest] = cutFlags(text);
  const flags = /\/([gi]{1,2})$/i.exec(rest);
  return [operator.toLowerCase(), flags ? rest.slice(0, flags.index) : rest, flags?.[1]?.toLowerCase() ?? ''];
}

function testOf(operator: string, ignoresCase: boolean): Test {
  if (operator === 're' || operator === 'fm') return matching(operator);
  const holds = ORDERS[operator];
  if (holds) return (value, wanted) => compared(value, wanted, ignoresCase, holds);
  const bits = BITS[operator]!;
  return (a, b) => typeof a === 'number' && typeof b === 'number' && bits(a, b) !== 0;
}

function compared(a: Value, b: Value, ignoresCase: boolean, holds: (order: number) => boolean): boolean {
  if (typeof a === 'number' && typeof b === 'number') return holds(Math.sign(a - b));
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  const [x, y] = ignoresCase ? [a.toLowerCase(), b.toLowerCase()] : [a, b];
  return holds(x < y ? -1 : x > y ? 1 : 0);
}

function matching(operator: string): Test {
  const known = new Map<string, Pattern | undefined>();
  return (value, wanted) => {
    if (typeof value !== 'string' || typeof wanted !== 'string') return false;
    if (!known.has(wanted)) {
      if (known.size >= MOST_PATTERNS) known.clear();
      known.set(wanted, readable(operator, wanted));
    }
    return known.get(wanted)?.test(value) ?? false;
  };
}

function readable(operator: string, text: string): Pattern | undefined {
  try {
    return patternOf(operator, text);
  } catch {
    return undefined;
  }
}

function patternOf(operator: string, text: string): Pattern {
  if (operator === 're') return new Pattern(text);
  const inside = text
    .replace(/[.+^$(){}|\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
    .replace(/\[!/g, '[^');
  return new Pattern(`^${inside}$`);
}
