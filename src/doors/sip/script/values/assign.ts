/** Assignments: `$var(x) = …`, `$avp(s:y) := …`, `$ru += …`. Result 1, or -1 where the value cannot be set. */
import type { Complain } from '../complain.ts';
import type { AssignNode } from '../syntax.ts';
import type { Call } from '../types.ts';
import { type Binder, bindValue, operation } from './expression.ts';
import { findVariable } from './variables.ts';

/** Undefined after a complaint. */
export function bindAssignment(node: AssignNode, binder: Binder): Call | undefined {
  const { scope, complain } = binder;
  const target = findVariable(node.target, scope);
  if ('message' in target) return complain('SCRIPT_VARIABLE', node.at, target.message, target);
  const { write } = target;
  if (!write) return notWritable(node, complain);
  const value = node.value && bindValue(node.value, binder);
  if (!value) return undefined;
  const { read } = value;
  const push = node.operator !== ':=';
  if (node.operator === '=' || node.operator === ':=') {
    const isNull = node.value?.kind === 'null';
    return (run) => {
      const made = read(run);
      // An expression that could not be computed does not remove what is there.
      if (made === undefined && !isNull) return -1;
      return write(run, made, push) ? 1 : -1;
    };
  }
  const operate = operation(node.operator.slice(0, -1));
  return (run) => {
    const made = operate(target.read(run), read(run));
    return made !== undefined && write(run, made, false) ? 1 : -1;
  };
}

function notWritable(node: AssignNode, complain: Complain): undefined {
  return complain('SCRIPT_VARIABLE', node.at, `\`${node.target}\` cannot be assigned to`, {
    cause: 'it is read from the message',
    cure: 'assign to $var(name), $avp(s:name), $ru and its parts, $du and its parts, $br, $mf, $bf or $sf',
  });
}
