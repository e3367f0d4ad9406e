/**
 * Rules as a text file, in the form that LinOTP exports: a section for each policy, `field = value` below it. Empty fields mean all.
 *
 *     [office-hours]
 *     scope = sip
 *     action = allow
 *     time = * 7-18 * * 1-5 *
 *
 * Errors: POLICY_FILE with the line.
 */
import type { PolicyRule } from '../core/policy/types.ts';
import { GatehouseError } from '../platform/errors.ts';

const FIELDS = ['scope', 'action', 'user', 'realm', 'client', 'time'] as const;
const MAX_LINES = 20_000;

export function policyFileText(rules: readonly PolicyRule[]): string {
  return rules
    .map((rule) => {
      const fields = FIELDS.filter((field) => rule[field] !== '').map((field) => `${field} = ${rule[field]}`);
      return [`[${rule.name}]`, ...fields, ...(rule.active ? [] : ['active = False']), ''].join('\n');
    })
    .join('\n');
}

/** `file` names it in errors. */
export function parsePolicyFile(text: string, file: string): PolicyRule[] {
  const rules: { -readonly [Field in keyof PolicyRule]: PolicyRule[Field] }[] = [];
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
      if (rules.some((rule) => rule.name === name))
        throw fault(index + 1, `the policy ${name} stands there twice`, 'give it another name');
      rules.push({ name, scope: '', action: '', user: '', realm: '', client: '', time: '', active: true });
      return;
    }
    const rule = rules.at(-1);
    const [, field = '', value = ''] = /^([a-z]+)\s*=\s*(.*)$/i.exec(line) ?? [];
    if (!rule || field === '')
      throw fault(
        index + 1,
        `${JSON.stringify(line.slice(0, 80))} is no line of a policy`,
        'write [NAME], and below it lines such as scope = sip',
      );
    if (field === 'name') return;
    if (field === 'active') rule.active = /^(true|1|yes)$/i.test(value);
    else if (isField(field)) rule[field] = value;
    else
      throw fault(index + 1, `a policy has no field ${field}`, `its fields are: ${[...FIELDS, 'active'].join(', ')}`);
  });
  return rules;
}

function isField(name: string): name is (typeof FIELDS)[number] {
  return (FIELDS as readonly string[]).includes(name);
}
