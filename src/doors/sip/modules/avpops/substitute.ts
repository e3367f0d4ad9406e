/**
 * avp_subst: changes the values of an AVP by `/expression/replacement/flags`, in place or into another AVP.
 *
 * Flags behind the names: g all values, d the old ones go. Only values in which the expression is found count; a number is looked at as
 * its digits.
 */
import type { Call, ScriptUses } from '../../script/types.ts';
import type { Value } from '../../script/values/types.ts';
import { substitution } from '../textops/substitution.ts';
import { checkAvp, checkFlags, cutFlags } from './arguments.ts';
import { push } from './memory.ts';

export function substitute(names: string, text: string, uses: ScriptUses): Call {
  const { source, target, flags } = partsOf(names);
  const from = uses.avpName(source)!;
  const to = target === '' ? from : uses.avpName(target)!;
  const change = substitution(text, uses);
  const all = /g/i.test(flags);
  const moves = to !== from && /d/i.test(flags);
  return (run) => {
    const found = run.avps?.all(from) ?? [];
    const before = all ? found : found.slice(0, 1);
    const made = before.map((value): Value => change.text(run, String(value)));
    if (made.every((value) => value === undefined)) return -1;
    if (to === from || moves) {
      for (const _ of before) run.avps!.removeFirst(from);
    }
    let done = true;
    // The last one added comes first, so that the order stays.
    for (let at = made.length - 1; at >= 0; at--) {
      const value = made[at] ?? (to === from ? before[at] : undefined);
      if (value !== undefined) done = push(run, to, value) && done;
    }
    return done ? 1 : -1;
  };
}

/** `source[/target][/flags]` */
export function checkSubstituted(text: string): string | undefined {
  const { source, target, flags } = partsOf(text);
  return checkAvp(source) ?? (target === '' ? undefined : checkAvp(target)) ?? checkFlags(flags, 'gd');
}

function partsOf(text: string): { source: string; target: string; flags: string } {
  const [source, rest] = cutFlags(text);
  if (!/^\$|:/.test(rest)) return { source, target: '', flags: rest };
  const [target, flags] = cutFlags(rest);
  return { source, target, flags };
}
