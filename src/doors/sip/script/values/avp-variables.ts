/**
 * $avp: values that stay with a message and with the transaction it begins.
 *
 * Written `s:name`, `i:13`, or as an alias of `avp_aliases`; a plain name is read as one with `s:`, a plain number as one with `i:`.
 * `=` puts a value before the others, `:=` in the place of the first, `= NULL` removes the first and `:= NULL` all.
 */

import type { Run } from '../../run.ts';
import { AvpList, type AvpName } from './avps.ts';
import type { Family, Value, Variable } from './types.ts';

export const avpVariables: Family = ({ class: name, inner, index }, { aliases }, find) => {
  if (name !== 'avp') return undefined;
  if (inner?.startsWith('$')) {
    const variable = find(inner);
    if (typeof variable === 'string') return variable;
    return avp((run) => avpName(String(variable.read(run) ?? ''), aliases), index);
  }
  const key = avpName(inner ?? '', aliases);
  if (key === undefined) return 'an AVP is written $avp(s:name), $avp(i:13) or $avp(alias)';
  return avp(() => key, index);
};

/** `s:` and `i:` may have flags in front (`s3:`), which change nothing here. */
export function avpName(written: string, aliases: ReadonlyMap<string, string>): AvpName | undefined {
  const text = aliases.get(written) ?? written;
  const found = /^(?:([si])(\d{1,3})?:)?([^:\s$(){}]+)$/.exec(text);
  if (!found) return undefined;
  const kind = found[1] ?? (/^\d+$/.test(found[3]!) ? 'i' : 's');
  if (kind === 'i' && !/^\d{1,9}$/.test(found[3]!)) return undefined;
  return `${kind}:${kind === 'i' ? Number(found[3]) : found[3]!}`;
}

/** As functions take it: `$avp(s:x)`, `$(avp(x))`, or as SER has it, `s:x`. */
export function writtenAvp(text: string, aliases: ReadonlyMap<string, string>): AvpName | undefined {
  const inner = (/^\$avp\((.*)\)$/.exec(text) ?? /^\$\(avp\((.*)\)\)$/.exec(text))?.[1];
  if (inner !== undefined) return avpName(inner, aliases);
  return /^[is]\d{0,3}:/i.test(text) ? avpName(text[0]!.toLowerCase() + text.slice(1), aliases) : undefined;
}

function avp(name: (run: Run) => AvpName | undefined, index: number | '*' | undefined): Variable {
  return {
    dual: false,
    read(run) {
      const key = name(run);
      const { avps } = run;
      if (key === undefined || avps === undefined) return undefined;
      if (index === undefined) return avps.first(key);
      const all = avps.all(key);
      if (index === '*') return all.length === 0 ? undefined : all.join(',');
      return all.at(index);
    },
    write(run, value, push) {
      const key = name(run);
      if (key === undefined) return false;
      if (index === '*' && value === undefined) {
        run.avps?.removeAll(key);
        return true;
      }
      return change(run, key, value, push);
    },
  };
}

function change(run: Run, key: AvpName, value: Value, push: boolean): boolean {
  if (value === undefined) {
    if (push) run.avps?.removeFirst(key);
    else run.avps?.removeAll(key);
    return true;
  }
  run.avps ??= new AvpList();
  return push ? run.avps.push(key, value) : run.avps.replaceFirst(key, value);
}
