/** What the script itself has made: $var, the last result, flags and branches. */

import { parseUri } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { addBranch } from '../branch-set.ts';
import { type Family, type Getter, readOnly, type Value, type Variable } from './types.ts';

const returned = readOnly((run) => run.returned, true);

const FLAGS: Readonly<Record<string, 'flags' | 'branchFlags' | 'scriptFlags'>> = {
  m: 'flags',
  b: 'branchFlags',
  s: 'scriptFlags',
};

const BRANCHES: Readonly<Record<string, Variable>> = {
  br: { ...readOnly((run) => run.branches?.[0]?.uri), write: pushBranch },
  bR: readOnly((run) => run.branches?.map(({ uri }) => uri).join(',') || undefined),
  ds: readOnly((run) => [run.uri, ...(run.branches ?? []).map(({ uri }) => uri)].map((uri) => `<${uri}>`).join(', ')),
};

export const RUN_NAMES = ['var', 'rc', 'retcode', 'return_code', 'mf', 'mF', 'bf', 'bF', 'sf', 'sF', 'br', 'bR', 'ds'];

export const runVariables: Family = ({ class: name, inner }, scope) => {
  if (name === 'var') return scriptVariable(inner, scope.slotOf);
  if (name === 'rc' || name === 'retcode' || name === 'return_code') return returned;
  const flags = /^([mbs])([fF])$/.exec(name);
  if (flags) return flagVariable(FLAGS[flags[1]!]!, flags[2] === 'F');
  return BRANCHES[name === 'branch' ? 'br' : name];
};

/** 0 at the beginning of each message, and never NULL. */
function scriptVariable(name: string | undefined, slotOf: (name: string) => number): Variable | string {
  if (!name || !/^[\w.-]+$/.test(name)) return 'a name is wanted, as in $var(x)';
  const slot = slotOf(name);
  return {
    dual: false,
    read: (run) => run.vars?.[slot] ?? 0,
    write(run, value) {
      run.vars ??= [];
      // Never a hole: the array stays one of plain elements.
      while (run.vars.length <= slot) run.vars.push(0);
      run.vars[slot] = value ?? 0;
      return true;
    },
  };
}

function flagVariable(field: 'flags' | 'branchFlags' | 'scriptFlags', hex: boolean): Variable {
  const read: Getter = hex ? (run) => (run[field] >>> 0).toString(16).padStart(8, '0') : (run) => run[field] >>> 0;
  const write = (run: Run, value: Value) => {
    if (typeof value !== 'number') return false;
    run[field] = value | 0;
    return true;
  };
  return { read, write, dual: !hex };
}

function pushBranch(run: Run, value: Value): boolean {
  if (typeof value !== 'string' || parseUri(value) === undefined) return false;
  return addBranch(run, { uri: value, destination: undefined, path: undefined });
}
