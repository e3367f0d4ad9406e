/**
 * A firewall rule as nodogsplash.conf writes it, after the word FirewallRule:
 *
 *     allow|block|drop|log|ulog [tcp|udp|icmp|all] [port N[:M]] [ipset NAME] [to ADDRESS[/MASK]]
 *
 * The address may be IPv6 here, the mask a length or dotted. Gives the rule, or the word that is wrong, where it begins in the text
 * (from 0), and what would be right.
 */
import { isIPv4 } from 'node:net';
import { networkOf } from './address.ts';
import type { Rule } from './model.ts';

export interface RuleFault {
  readonly at: number;
  readonly length: number;
  readonly message: string;
  readonly cure: string;
}

const FORM = 'allow|block|drop|log [tcp|udp|icmp|all] [port N[:M]] [ipset NAME] [to ADDRESS[/MASK]]';
const ACTIONS: ReadonlyMap<string, Rule['action']> = new Map([
  ['allow', 'allow'],
  ['block', 'block'],
  ['drop', 'drop'],
  ['log', 'log'],
  ['ulog', 'log'],
]);
const PROTOCOLS: ReadonlySet<string> = new Set(['tcp', 'udp', 'icmp', 'all']);

export function parseRule(text: string): { rule: Rule } | { fault: RuleFault } {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ word: match[0], at: match.index }));
  let next = 0;
  const fault = (message: string, cure = `write: ${FORM}`): { fault: RuleFault } => {
    const { word, at } = words[next] ?? { word: ' ', at: text.trimEnd().length };
    return { fault: { at, length: word.length, message, cure } };
  };

  const action = ACTIONS.get(words[0]?.word.toLowerCase() ?? '');
  if (action === undefined) return fault(`a rule begins with allow, block, drop or log`);
  next = 1;
  let protocol: Rule['protocol'] = 'all';
  const named = words[next]?.word.toLowerCase();
  if (named !== undefined && PROTOCOLS.has(named)) {
    protocol = named as Rule['protocol'];
    next++;
  }
  let ports: Rule['ports'];
  let addressSet: string | undefined;
  let to: string | undefined;
  while (next < words.length) {
    const keyword = words[next]!.word.toLowerCase();
    if (keyword !== 'port' && keyword !== 'ipset' && keyword !== 'to') {
      return fault(`\`${shown(words[next]!.word)}\` is no part of a rule here`);
    }
    if (keyword === 'port' && protocol !== 'tcp' && protocol !== 'udp') {
      return fault('`port` needs tcp or udp before it', 'write tcp or udp after the action');
    }
    if ((keyword === 'port' ? ports : keyword === 'to' ? to : addressSet) !== undefined) {
      return fault(`\`${keyword}\` stands here twice`, 'write two rules');
    }
    next++;
    const value = words[next]?.word ?? '';
    if (keyword === 'port') {
      ports = portsOf(value);
      if (ports === undefined) return fault('a port is a number from 1 to 65535, or two with a colon: 8000:8010');
    } else if (keyword === 'ipset') {
      if (!/^[A-Za-z][\w-]{0,30}$/.test(value)) return fault('an ipset has a name of letters, digits, _ and -');
      addressSet = value;
    } else {
      const network = networkOf(value);
      if (network === undefined) return fault('`to` wants an IP address, with a mask if need be: 192.0.2.0/24');
      to = network;
    }
    next++;
  }
  const family = to !== undefined && protocol === 'icmp' && !isIPv4(to.split('/')[0]!) ? 'IPv6' : '';
  if (family)
    return { fault: { at: 0, length: text.length, message: 'icmp has no IPv6 address', cure: 'leave `to` out' } };
  return { rule: { action, protocol, ports, addressSet, to } };
}

function portsOf(text: string): readonly [number, number] | undefined {
  const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first >= 1 && first <= last && last <= 65535 ? [first, last] : undefined;
}

function shown(word: string): string {
  return word.length > 40 ? `${word.slice(0, 40)}…` : word;
}
