/**
 * Finds the variable that a name means. One list of families, each with a file of its own; names of Kamailio are told as such.
 */
import { didYouMean } from '../../../../platform/problems.ts';
import { laterVariable } from '../later.ts';
import { ADDRESS_NAMES, addressVariables } from './address-variables.ts';
import { avpVariables } from './avp-variables.ts';
import { MESSAGE_NAMES, messageVariables } from './message-variables.ts';
import { parseName } from './name.ts';
import { RUN_NAMES, runVariables } from './run-variables.ts';
import { bindTransformation, type Transformation } from './transformations.ts';
import type { ValueScope, Variable } from './types.ts';
import { URI_NAMES, uriVariables } from './uri-variables.ts';

const FAMILIES = [uriVariables, addressVariables, messageVariables, runVariables, avpVariables];

/** All names there are, for suggestions and listings. */
export const VARIABLE_NAMES: readonly string[] = [
  ...URI_NAMES,
  ...ADDRESS_NAMES,
  ...MESSAGE_NAMES,
  ...RUN_NAMES,
  'avp',
];

export interface NoVariable {
  readonly message: string;
  readonly cause?: string;
  readonly cure: string;
}

export function isKnownName(name: string): boolean {
  return VARIABLE_NAMES.includes(name);
}

/** `text`: the variable as written, with its `$`. */
export function findVariable(text: string, scope: ValueScope): Variable | NoVariable {
  const name = parseName(text);
  if (typeof name === 'string')
    return { message: `\`${text}\` cannot be read: ${name}`, cure: 'write $name or $(name)' };
  let found: Variable | string | undefined;
  for (const family of FAMILIES) {
    found = family(name, scope, (inner) => {
      const variable = findVariable(inner, scope);
      return 'message' in variable ? variable.message : variable;
    });
    if (found !== undefined) break;
  }
  if (found === undefined) return unknown(name.class);
  if (typeof found === 'string') return { message: `\`${text}\` cannot be read`, cure: found };
  if (name.transformations.length === 0) return found;
  return transformed(found, name.transformations);
}

function unknown(name: string): NoVariable {
  const later = laterVariable(name);
  const message = `there is no variable \`$${name}\``;
  if (later) return { message, ...later };
  const suggestion = didYouMean(
    `$${name}`,
    VARIABLE_NAMES.map((one) => `$${one}`),
    'see the list of variables: gatehouse modules, or docs/ser-cfg.md',
  );
  return { message, cure: suggestion };
}

function transformed(variable: Variable, texts: readonly string[]): Variable | NoVariable {
  const changes: Transformation[] = [];
  for (const text of texts) {
    const change = bindTransformation(text);
    if (typeof change === 'string')
      return { message: change, cure: 'see the list of transformations in docs/ser-cfg.md' };
    changes.push(change);
  }
  const [only] = changes;
  if (changes.length === 1) return { dual: false, read: (run) => only!(variable.read(run)) };
  return { dual: false, read: (run) => changes.reduce((value, change) => change(value), variable.read(run)) };
}
