/**
 * Comparisons with a variable, NULL or arithmetic on one side at least.
 *
 * NULL equals NULL alone: with anything else `!=` is true and all others are false. A number and a text cannot be compared, which
 * is told and makes the condition false; numbers that messages bring as text ($rs, $sp, $cs) compare with both.
 */
import { ERROR } from '../complain.ts';
import { equalText } from '../equal-text.ts';
import { Pattern, PatternError } from '../pattern.ts';
import type { Comparison } from '../syntax.ts';
import type { Call } from '../types.ts';
import { type Binder, type BoundValue, bindValue } from './expression.ts';
import type { Value } from './types.ts';

type Test = (a: Value, b: Value) => number;

/** Patterns that variables brought, one place of the script; beyond, all are forgotten. */
const MOST_PATTERNS = 32;

/** Undefined after a complaint. */
export function bindValueComparison(node: Comparison, binder: Binder): Call | undefined {
  const left = bindValue(node.left, binder);
  const right = left && bindValue(node.right, binder);
  if (!left || !right) return undefined;
  if (node.operator === '=~' || node.operator === '!~') return bindMatch(node, left, right, binder);
  const test = testOf(node.operator, left.dual || right.dual);
  const { read: a } = left;
  const { read: b } = right;
  return (run) => test(a(run), b(run));
}

/** `case 1:`, `case "text":` of a switch; what cannot be compared is another case. */
export function bindCase({ read, dual }: BoundValue, wanted: string | number): Call {
  const text = String(wanted);
  return (run) => {
    const value = read(run);
    if (typeof value === typeof wanted)
      return typeof value === 'string' ? truth(equalText(value, text)) : truth(value === wanted);
    return truth(dual && value !== undefined && String(value) === text);
  };
}

function truth(yes: boolean): number {
  return yes ? 1 : -1;
}

/** 1 when `holds` says so of the order of the two. */
function testOf(operator: string, dual: boolean): Test {
  const equality = operator === '==' || operator === '!=';
  const same = operator === '==' ? 1 : -1;
  const holds = ORDERS[operator]!;
  return (a, b) => {
    if (a === undefined || b === undefined) {
      if (a === b) return equality ? same : -1;
      return operator === '!=' ? 1 : -1;
    }
    if (typeof a === 'string' && typeof b === 'string') {
      return equality ? (equalText(a, b) ? same : -same) : holds(Math.sign(a < b ? -1 : a > b ? 1 : 0)) ? 1 : -1;
    }
    if (typeof a === 'number' && typeof b === 'number') return holds(Math.sign(a - b)) ? 1 : -1;
    if (!dual) return ERROR;
    if (equality) return String(a) === String(b) ? same : -same;
    const order = Number(a) - Number(b);
    return Number.isNaN(order) ? ERROR : holds(Math.sign(order)) ? 1 : -1;
  };
}

const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '>': (order) => order > 0,
  '<=': (order) => order <= 0,
  '>=': (order) => order >= 0,
};

function bindMatch(node: Comparison, left: BoundValue, right: BoundValue, { complain }: Binder): Call | undefined {
  const yes = node.operator === '=~' ? 1 : -1;
  const { read: a } = left;
  const { read: b } = right;
  if (node.right.kind === 'string') {
    const pattern = patternOf(node.right.text);
    if (!(pattern instanceof Pattern)) {
      return complain('SCRIPT_PATTERN', node.right.at, `the regular expression cannot be read: ${pattern.message}`, {
        cause: `at character ${pattern.index + 1} of the pattern; patterns are POSIX extended regular expressions`,
        cure: 'write \\\\ before a character that shall stand for itself',
      });
    }
    return (run) => {
      const value = a(run);
      if (value === undefined) return -1;
      return pattern.test(String(value)) ? yes : -yes;
    };
  }
  const known = new Map<string, Pattern | PatternError>();
  return (run) => {
    const value = a(run);
    const text = b(run);
    if (value === undefined || typeof text !== 'string') return value === undefined ? -1 : ERROR;
    let pattern = known.get(text);
    if (pattern === undefined) {
      if (known.size >= MOST_PATTERNS) known.clear();
      pattern = patternOf(text);
      known.set(text, pattern);
    }
    if (!(pattern instanceof Pattern)) return ERROR;
    return pattern.test(String(value)) ? yes : -yes;
  };
}

function patternOf(text: string): Pattern | PatternError {
  try {
    return new Pattern(text);
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
}
