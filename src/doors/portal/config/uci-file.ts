/**
 * Reads /etc/config/nodogsplash, the UCI form of OpenWrt: sections `config nodogsplash`, of which each is an instance for an interface of its own, with
 * `option NAME VALUE` and `list NAME VALUE` lines. Rule sets are lists with _ for -, an empty one has `option policy_SET`; lists of MAC addresses are lists.
 */

import { choices, isPolicy, setNamed } from './conf-file.ts';
import type { Entries } from './entries.ts';
import { POLICIES } from './model.ts';

const MAC_LISTS: ReadonlyMap<string, string> = new Map([
  ['trustedmac', 'trustedmaclist'],
  ['blockedmac', 'blockedmaclist'],
  ['allowedmac', 'allowedmaclist'],
]);

/** Is it UCI? The other form has no line that begins with `config `. */
export function isUci(text: string): boolean {
  return /^\s*config\s+['"]?nodogsplash\b/m.test(text);
}

/** One for each section; what is wrong before the first stands with that. */
export function readUci(text: string): Entries[] {
  let found: Section = newSection();
  const sections: Section[] = [];
  let ours = false;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    if (/^\s*(#|$)/.test(raw)) continue;
    const match = /^(\s*)(config|option|list|package)(\s+)(\S+)(?:(\s+)(.*))?$/.exec(raw);
    if (!match) {
      const column = raw.search(/\S/) + 1;
      const message = 'this is no line of a UCI file';
      const length = raw.trim().length;
      found.faults.push({ code: 'PORTAL_SYNTAX', line, column, length, message, cure: "write: option NAME 'VALUE'" });
      continue;
    }
    const [, indent = '', kind = '', gap = '', rawName = '', gap2 = '', rest = ''] = match;
    const column = indent.length + kind.length + gap.length + 1;
    const name = rawName.replaceAll(/['"]/g, '').toLowerCase();
    if (kind === 'config') {
      ours = name === 'nodogsplash';
      if (ours && sections.length > 0) found = newSection();
      if (ours) sections.push(found);
      continue;
    }
    if (kind === 'package' || !ours) continue;
    const { value, skipped } = unquoted(rest);
    const valueColumn = column + rawName.length + gap2.length + skipped;
    const place = { line, column };
    if (value === undefined) {
      const fault = { ...place, length: rawName.length, message: `the value of \`${name}\` is not closed or empty` };
      found.faults.push({ code: 'PORTAL_SYNTAX', ...fault, cure: "write the value between ' and '" });
      continue;
    }
    const set = setNamed(name.replaceAll('_', '-'));
    const policyOf = name.startsWith('policy_')
      ? setNamed(name.slice('policy_'.length).replaceAll('_', '-'))
      : undefined;
    const macList = MAC_LISTS.get(name);
    if (set) found.rules.push({ set, text: value, line, column: valueColumn });
    else if (policyOf) {
      const policy = value.toLowerCase();
      if (isPolicy(policy)) found.policies.push({ set: policyOf, policy, ...place });
      else {
        const fault = {
          ...place,
          length: rawName.length,
          message: `\`${value}\` is no policy`,
          cure: choices(POLICIES),
        };
        found.faults.push({ code: 'PORTAL_VALUE', ...fault });
      }
    } else if (macList) {
      const before = found.macs.get(macList);
      if (before) found.macs.set(macList, { ...before, value: `${before.value},${value}` });
      else found.macs.set(macList, { option: macList, value, ...place, valueColumn });
    } else found.options.push({ option: name, value, ...place, valueColumn });
  }
  for (const { options, macs } of sections) options.push(...macs.values());
  return sections.length > 0 ? sections : [found];
}

interface Section extends Entries {
  readonly macs: Map<string, Entries['options'][number]>;
}

function newSection(): Section {
  return { options: [], rules: [], policies: [], faults: [], macs: new Map() };
}

/** `skipped`: characters before the value. */
function unquoted(rest: string): { value: string | undefined; skipped: number } {
  const quote = rest[0];
  if (quote === "'" || quote === '"') {
    const end = rest.indexOf(quote, 1);
    return { value: end < 1 || !/^\s*(#.*)?$/.test(rest.slice(end + 1)) ? undefined : rest.slice(1, end), skipped: 1 };
  }
  const value = /^\S+/.exec(rest)?.[0];
  return { value, skipped: 0 };
}
