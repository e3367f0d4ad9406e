/**
 * The arguments of avpops' functions, in a syntax of their own: `$avp(s:name)/g`, `$ru/username`, `eq/i:5/g`.
 *
 * What stands in front of the first `/` outside of brackets is a name or variable, behind it come flags. SER 0.9 writes `s:name`
 * where OpenSER writes `$avp(s:name)`.
 */

import { parseUri } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import type { ScriptUses } from '../../script/types.ts';
import type { Value } from '../../script/values/types.ts';
import { avpText, isVariable } from '../value-checks.ts';

/** Text and what stands behind its `/`, '' = nothing. */
export function cutFlags(text: string): [name: string, flags: string] {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (text[at] === '/' && depth === 0) return [text.slice(0, at), text.slice(at + 1)];
  }
  return [text, ''];
}

/** A complaint about flags of which each must be among `allowed`. */
export function checkFlags(flags: string, allowed: string): string | undefined {
  const wrong = [...flags.toLowerCase()].find((flag) => !allowed.includes(flag));
  return wrong === undefined ? undefined : `has a flag \`${wrong}\`; there is ${[...allowed].join(', ')}`;
}

/** `$avp(x)`, `s:x` or `i:1`, with flags. */
export function checkAvp(text: string, flags = ''): string | undefined {
  const [name, given] = cutFlags(text);
  if (avpText(name) === undefined) return `must be an AVP such as "$avp(s:name)" or "s:name", but is "${name}"`;
  return checkFlags(given, flags);
}

export type ReadValue = (run: Run) => Value;

/** `i:5`, `s:text`, a variable (with `/username` or `/domain` of its URI), or else a text. */
export function valueReader(text: string, uses: ScriptUses): ReadValue {
  const fixed = /^([is]):(.*)$/s.exec(text);
  if (fixed) {
    const value = fixed[1] === 'i' ? Number(fixed[2]) : fixed[2];
    return () => value;
  }
  const [name, part] = cutFlags(text);
  if (!isVariable(name)) return () => text;
  const variable = uses.variable(name)!;
  if (part === '') return (run) => variable.read(run);
  return (run) => partOf(variable.read(run), part.toLowerCase());
}

export function checkValue(text: string): string | undefined {
  if (/^i:/.test(text)) return /^i:(-?\d{1,10}|0x[0-9a-f]{1,8})$/i.test(text) ? undefined : `is no number: "${text}"`;
  const [name, part] = cutFlags(text);
  if (!isVariable(name) || part === '' || /^(username|domain)$/i.test(part)) return undefined;
  return `must have /username or /domain behind the variable, but has "/${part}"`;
}

/** Of a text that is a URI. */
export function partOf(value: Value, part: string): string | undefined {
  const uri = typeof value === 'string' ? parseUri(value) : undefined;
  return (part === 'domain' ? uri?.host : uri?.user) || undefined;
}
