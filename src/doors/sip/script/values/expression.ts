/**
 * Expressions as getters: constants, variables, values of the message, arithmetic. Numbers are whole and of 32 bits; `+` joins
 * texts; an operation that cannot be done (NULL, a text where a number is wanted, division by 0) gives NULL.
 */
import type { Complain } from '../complain.ts';
import type { Expression } from '../syntax.ts';
import { wordValue } from '../word-values.ts';
import { type Getter, LONGEST_TEXT, type Value, type ValueScope, wholeNumber } from './types.ts';
import { findVariable } from './variables.ts';

export interface Binder {
  readonly scope: ValueScope;
  readonly complain: Complain;
}

export interface BoundValue {
  readonly read: Getter;
  /** A number that may be compared with a text, too. */
  readonly dual: boolean;
  /** Whether it is the same for each message. */
  readonly constant: boolean;
}

/** Undefined after a complaint. */
export function bindValue(node: Expression, binder: Binder): BoundValue | undefined {
  switch (node.kind) {
    case 'string':
      return always(node.text);
    case 'number':
      return always(node.value);
    case 'null':
      return always(undefined);
    case 'address':
      return always(node.text);
    case 'variable':
      return bindVariable(node, binder);
    case 'arithmetic':
      return bindArithmetic(node, binder);
    case 'word': {
      const value = wordValue(node.text);
      if (value) return { read: value.read, dual: false, constant: false };
      break;
    }
  }
  return binder.complain('SCRIPT_VALUE', node.at, 'this is no value', {
    cause: 'a value is a variable, a number, a text in quotes, or arithmetic with them',
    cure:
      node.kind === 'call' ? 'call the function in a statement before; its result is then in $retcode' : 'correct it',
  });
}

function bindVariable(node: Expression & { kind: 'variable' }, { scope, complain }: Binder): BoundValue | undefined {
  const variable = findVariable(node.text, scope);
  if ('message' in variable) return complain('SCRIPT_VARIABLE', node.at, variable.message, variable);
  return { read: (run) => variable.read(run), dual: variable.dual, constant: false };
}

function always(value: Value): BoundValue {
  return { read: () => value, dual: false, constant: true };
}

function bindArithmetic(node: Expression & { kind: 'arithmetic' }, binder: Binder): BoundValue | undefined {
  const left = bindValue(node.left, binder);
  if (!left) return undefined;
  const a = left.read;
  if (node.right === undefined) {
    const negated = node.operator === '-';
    return {
      dual: false,
      constant: left.constant,
      read: (run) => {
        const value = a(run);
        return typeof value === 'number' ? (negated ? wholeNumber(-value) : ~value) : undefined;
      },
    };
  }
  const right = bindValue(node.right, binder);
  if (!right) return undefined;
  if (node.right.kind === 'number' && node.right.value === 0 && (node.operator === '/' || node.operator === '%')) {
    return binder.complain('SCRIPT_VALUE', node.at, 'this divides by zero', { cure: 'correct the number' });
  }
  const b = right.read;
  const operate = operation(node.operator);
  return { dual: false, constant: left.constant && right.constant, read: (run) => operate(a(run), b(run)) };
}

/** What an operator makes of two values; for assignments such as `+=`, too. */
export function operation(operator: string): (a: Value, b: Value) => Value {
  if (operator === '+') return plus;
  const numbers = NUMBERS[operator]!;
  return (a, b) => (typeof a === 'number' && typeof b === 'number' ? numbers(a, b) : undefined);
}

function plus(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return wholeNumber(a + b);
  if (a === undefined || b === undefined) return undefined;
  const joined = `${a}${b}`;
  return joined.length > LONGEST_TEXT ? undefined : joined;
}

const NUMBERS: Readonly<Record<string, (a: number, b: number) => number | undefined>> = {
  '-': (a, b) => wholeNumber(a - b),
  '*': (a, b) => Math.imul(a, b),
  '/': (a, b) => (b === 0 ? undefined : wholeNumber(a / b)),
  '%': (a, b) => (b === 0 ? undefined : wholeNumber(a % b)),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
};
