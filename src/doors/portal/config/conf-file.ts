/**
 * Reads nodogsplash.conf: `option value` lines and blocks of firewall rules. A `#` begins a comment only as the first character
 * of a line that is not a blank. Option names are not case sensitive.
 */
import { didYouMean } from '../../../platform/problems.ts';
import type { Entries, Fault } from './entries.ts';
import { POLICIES, type Policy, RULE_SETS, type RuleSetName } from './model.ts';

export function readConf(text: string): Entries {
  const found: Entries = { options: [], rules: [], policies: [], faults: [] };
  /** The block that we are in; `set` undefined: its name is unknown. */
  let block: { set: RuleSetName | undefined; line: number } | undefined;

  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const match = /^(\s*)(\S+)(?:(\s+)(.*?))?\s*$/.exec(raw);
    if (!match || match[2]!.startsWith('#')) continue;
    const [, indent = '', word = '', gap = '', value = ''] = match;
    const column = indent.length + 1;
    const valueColumn = column + word.length + gap.length;
    const option = word.toLowerCase();
    const fault = (message: string, cure: string, code: Fault['code'] = 'PORTAL_SYNTAX') =>
      found.faults.push({ code, line, column, length: word.length, message, cure });

    if (option === '}') {
      if (block === undefined) fault('`}` closes no FirewallRuleSet', 'remove it');
      block = undefined;
    } else if (option === 'firewallruleset') {
      if (block !== undefined)
        fault('a FirewallRuleSet stands in another one', `close the one of line ${block.line} with }`);
      const [, name = '', brace = ''] = /^(\S*?)\s*(\{?)$/.exec(value) ?? [];
      const set = setNamed(name);
      if (set === undefined) fault(`there is no rule set \`${name}\``, didYouMean(name, RULE_SETS, choices(RULE_SETS)));
      if (brace === '') fault('a FirewallRuleSet opens with { on the same line', 'write: FirewallRuleSet NAME {');
      else block = { set, line };
    } else if (option === 'firewallrule') {
      if (block === undefined) fault('a FirewallRule stands outside of a FirewallRuleSet', 'put it between { and }');
      else if (block.set) found.rules.push({ set: block.set, text: value, line, column: valueColumn });
    } else if (option === 'emptyrulesetpolicy') {
      const [name = '', policy = ''] = value.split(/\s+/);
      const set = setNamed(name);
      if (set === undefined) fault(`there is no rule set \`${name}\``, didYouMean(name, RULE_SETS, choices(RULE_SETS)));
      else if (!isPolicy(policy.toLowerCase())) fault(`\`${policy}\` is no policy`, choices(POLICIES), 'PORTAL_VALUE');
      else found.policies.push({ set, policy: policy.toLowerCase() as Policy, line, column });
    } else if (block !== undefined) {
      fault(`\`${word}\` stands in a FirewallRuleSet`, 'write FirewallRule, or close the block with }');
    } else if (value === '') {
      fault(`\`${word}\` has no value`, 'write the value after it, or remove the line');
    } else {
      found.options.push({ option, value, line, column, valueColumn });
    }
  }
  if (block !== undefined) {
    const place = { line: block.line, column: 1, length: 'FirewallRuleSet'.length };
    const cure = 'write } on a line after the last rule';
    found.faults.push({ code: 'PORTAL_SYNTAX', ...place, message: 'this FirewallRuleSet is not closed', cure });
  }
  return found;
}

export function setNamed(name: string): RuleSetName | undefined {
  return RULE_SETS.find((one) => one === name.toLowerCase());
}

export function isPolicy(word: string): word is Policy {
  return (POLICIES as readonly string[]).includes(word);
}

export function choices(words: readonly string[]): string {
  return `one of ${words.join(', ')}`;
}
