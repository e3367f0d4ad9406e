/** The administrator's rules as statements of nft, there and back, and the names of the sets that they speak of. */
import { isIPv4 } from 'node:net';
import type { Policy, PortalSettings, Rule, RuleSet } from '../config/model.ts';

/** A set of rules, or its policy, as statements; `back`: for the packets that answer. */
export function verdicts(set: RuleSet, way: 'there' | 'back'): string[] {
  if (typeof set === 'string') return policyVerdict(set);
  return set.map((rule) => ruleText(rule, way));
}

function policyVerdict(policy: Policy): string[] {
  // Other tables still have their say after our `accept`, which is what passing through means.
  return policy === 'block' ? [] : ['accept'];
}

const VERDICTS = {
  allow: 'accept',
  block: 'reject with icmpx type port-unreachable',
  drop: 'drop',
  log: 'log prefix "gatehouse: "',
} as const;

function ruleText({ action, protocol, ports, addressSet, to }: Rule, way: 'there' | 'back'): string {
  const address = way === 'there' ? 'daddr' : 'saddr';
  const parts: string[] = [];
  if (way === 'back') parts.push('ct direction reply');
  if (to !== undefined) parts.push(`${isIPv4(to.split('/')[0]!) ? 'ip' : 'ip6'} ${address} ${to}`);
  if (addressSet !== undefined) parts.push(`ip ${address} @${setName(addressSet)}`);
  if (ports) parts.push(`${protocol} ${way === 'there' ? 'dport' : 'sport'} ${portText(ports)}`);
  else if (protocol === 'icmp') parts.push('meta l4proto { icmp, icmpv6 }');
  else if (protocol !== 'all') parts.push(`meta l4proto ${protocol}`);
  // An answer that is not let through needs no answer of its own.
  parts.push(way === 'back' && action === 'block' ? 'drop' : VERDICTS[action]);
  return parts.join(' ');
}

/** Where strangers may go their requests are not redirected. */
export function gardenOf(rule: string): string[] {
  return rule.endsWith(' accept') || rule === 'accept' ? [rule] : [];
}

function portText([first, last]: readonly [number, number]): string {
  return first === last ? String(first) : `${first}-${last}`;
}

export function addressSets(rules: PortalSettings['rules']): string[] {
  return Object.values(rules).flatMap((set) =>
    typeof set === 'string'
      ? []
      : set.flatMap(({ addressSet }) => (addressSet === undefined ? [] : [setName(addressSet)])),
  );
}

/** Apart from our own. */
function setName(name: string): string {
  return `ipset_${name.replaceAll('-', '_')}`;
}
