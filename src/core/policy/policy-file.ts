/**
 * Rules as a text file, in the form that LinOTP exports (ConfigObj's): a section for each policy, `field = value` below it. A value with
 * commas or quotation marks stands in quotation marks of another kind, or in three of them; a `#` after it begins a comment.
 *
 *     [office-hours]
 *     scope = sip
 *     action = "allow, session_seconds=600"
 *     time = * 7-18 * * 1-5 *
 *
 * Empty fields mean all, as LinOTP's import takes them. Errors: POLICY_FILE with the line.
 */
import { GatehouseError } from '../../platform/errors.ts';
import { isLinotpScope } from './linotp/actions.ts';
import type { PolicyRule } from './types.ts';

const FIELDS = ['scope', 'action', 'user', 'realm', 'client', 'time'] as const;
const MAX_LINES = 20_000;
const QUOTES = ['"', "'", '"""', "'''"];

type Draft = { -readonly [Field in keyof PolicyRule]: PolicyRule[Field] };

export function policyFileText(rules: readonly PolicyRule[]): string {
  return rules
    .map((rule) => {
      const fields = FIELDS.filter((field) => rule[field] !== '').map((field) => `${field} = ${quoted(rule[field])}`);
      return [`[${rule.name}]`, ...fields, `active = ${rule.active ? 'True' : 'False'}`, ''].join('\n');
    })
    .join('\n');
}

/** `file` names it in errors. */
export function parsePolicyFile(text: string, file: string): PolicyRule[] {
  const drafts: Draft[] = [];
  const lines = text.split(/\r?\n/, MAX_LINES + 1);
  const fault = (line: number, why: string, hint: string) =>
    new GatehouseError('POLICY_FILE', why, { where: `${file}:${line}`, hint });
  if (lines.length > MAX_LINES) throw fault(MAX_LINES, `the file has over ${MAX_LINES} lines`, 'split it');
  lines.forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || /^[#;]/.test(line)) return;
    const section = /^\[(.*)\]$/.exec(line);
    if (section) {
      const name = section[1]!.trim();
      if (drafts.some((rule) => rule.name === name))
        throw fault(index + 1, `the policy ${name} stands there twice`, 'give it another name');
      drafts.push({ name, scope: '', action: '', user: '', realm: '', client: '', time: '', active: true });
      return;
    }
    const rule = drafts.at(-1);
    const [, field = '', value = ''] = /^([a-z_]+)\s*=\s*(.*)$/i.exec(line) ?? [];
    if (!rule || field === '')
      throw fault(
        index + 1,
        `${JSON.stringify(line.slice(0, 80))} is no line of a policy`,
        'write [NAME], and below it lines such as scope = sip',
      );
    const bare = unquoted(value);
    if (bare === undefined) throw fault(index + 1, `${field} has a quotation mark without its other one`, 'close it');
    if (field === 'name') return;
    if (field === 'active') rule.active = /^(true|1|yes)$/i.test(bare);
    else if (isField(field)) rule[field] = bare;
    else
      throw fault(index + 1, `a policy has no field ${field}`, `its fields are: ${[...FIELDS, 'active'].join(', ')}`);
  });
  return drafts.map(allMeant);
}

/** In LinOTP's scopes an empty condition would hold for none. */
function allMeant(draft: Draft): PolicyRule {
  if (!isLinotpScope(draft.scope)) return draft;
  return { ...draft, user: draft.user || '*', realm: draft.realm || '*', client: draft.client || '*' };
}

/** Fields have no line ends, so that one of the quotes always fits, but for a text that holds both threes. */
function quoted(value: string): string {
  if (!/[,'"#]/.test(value) && value === value.trim()) return value;
  const quote = QUOTES.find((one) => !value.includes(one) && !value.endsWith(one[0]!)) ?? QUOTES[2]!;
  return quote + value + quote;
}

/** What stands in quotation marks, and nothing but a comment after it; any other text as it is. Undefined: they are not closed. */
function unquoted(value: string): string | undefined {
  const quote = QUOTES.findLast((one) => value.startsWith(one));
  if (quote === undefined) return value;
  const end = value.indexOf(quote, quote.length);
  if (end < 0) return undefined;
  return /^\s*(#.*)?$/.test(value.slice(end + quote.length)) ? value.slice(quote.length, end) : undefined;
}

function isField(name: string): name is (typeof FIELDS)[number] {
  return (FIELDS as readonly string[]).includes(name);
}
