/**
 * The firewall as text for `nft -f -`: one table that is everything of ours, so that loading it is one transaction, and removing it
 * leaves nothing. It only narrows what other tables let through.
 *
 * Who is in stands in sets, looked up at the same cost however many they are: an element holds address and MAC of a client, and goes
 * by itself when its time is over, also when nobody is there to remove it. So a crash lets nobody in, and keeps nobody in.
 *
 * Packets to a client are judged by address alone, since they come without its MAC: `in4` and `in6` are what it sends, `to4` and
 * `to6` what it gets. Bytes are counted in sets of their own, `sent` and `got`, which stay until they have been read; only what gets
 * past its rate and volume counts. What comes back from where strangers may go is let through by the same rules, read backwards.
 *
 * Order in each chain: blocked, then trusted, then those that are in, then strangers.
 */
import { isIPv4 } from 'node:net';
import type { Policy, PortalSettings, Rule, RuleSet } from '../config/model.ts';
import { admission, type Member, TABLE } from './elements.ts';

/** What only the machine itself can tell. */
export interface GatewayAddresses {
  readonly ipv4: string;
  /** Undefined: strangers are not redirected over IPv6, only refused. */
  readonly ipv6: string | undefined;
}

export type FirewallSettings = Pick<
  PortalSettings,
  | 'interface'
  | 'address_range'
  | 'port'
  | 'mss'
  | 'mac_mechanism'
  | 'rules'
  | 'garden_domains'
  | 'https'
  | 'trusted_macs'
  | 'blocked_macs'
  | 'allowed_macs'
>;

const AGAINST_STRANGERS = 'meta l4proto tcp reject with tcp reset\n    reject with icmpx type port-unreachable';
/** Trusted clients are known by MAC; where their packets go to is learnt from what they send. */
const LEARNT_SECONDS = 3600;

const FAMILIES = [
  ['4', 'ipv4_addr'],
  ['6', 'ipv6_addr'],
] as const;

export const REMOVE_TABLE = `add table ${TABLE}\ndelete table ${TABLE}\n`;

/** Takes the place of the table that is there, if any, all at once, with those that are in. */
export function ruleset(settings: FirewallSettings, gateway: GatewayAddresses, members: readonly Member[]): string {
  return `${REMOVE_TABLE}${table(settings, gateway)}${members.map(admission).join('')}`;
}

/** Other rules in place of those that are there, in one transaction; sets, counters and volumes stay as they are. */
export function otherRules(settings: FirewallSettings, gateway: GatewayAddresses): string {
  const text = table({ ...settings, blocked_macs: [], allowed_macs: [], trusted_macs: [] }, gateway);
  const chains = [...text.matchAll(/^ {2}chain (\w+) \{$/gm)].map(([, name]) => `flush chain ${TABLE} ${name}\n`);
  return `${chains.join('')}${text}`;
}

function table(settings: FirewallSettings, gateway: GatewayAddresses): string {
  const { rules, port } = settings;
  const lan = `"${settings.interface}"`;
  const blocked = settings.mac_mechanism === 'allow' ? ['ether saddr != @allowed drop'] : [];
  const outside = settings.address_range === '0.0.0.0/0' ? undefined : `ip saddr != ${settings.address_range}`;
  const clamp = clampOf(settings.mss);
  const ports = settings.https ? `{ ${port}, ${settings.https.port} }` : String(port);
  const atPortal = [
    `ip daddr ${gateway.ipv4} tcp dport ${ports} accept`,
    ...(gateway.ipv6 ? [`ip6 daddr ${gateway.ipv6} tcp dport ${ports} accept`] : []),
  ];

  const garden = (way: 'there' | 'back') => (settings.garden_domains.length > 0 ? gardenByName(way) : []);

  return [
    `table ${TABLE} {`,
    set('blocked', 'ether_addr', [], settings.blocked_macs),
    set('allowed', 'ether_addr', [], settings.allowed_macs),
    set('trusted', 'ether_addr', [], settings.trusted_macs),
    ...FAMILIES.flatMap(([family, address]) => [
      set(`in${family}`, `${address} . ether_addr`, ['flags timeout']),
      set(`to${family}`, address, ['flags timeout']),
      set(`sent${family}`, address, ['counter']),
      set(`got${family}`, address, ['counter']),
      set(`garden${family}`, address, ['flags timeout']),
      map(`most_sent${family}`, `${address} : quota`),
      map(`most_got${family}`, `${address} : quota`),
      map(`rate_sent${family}`, `${address} : limit`),
      map(`rate_got${family}`, `${address} : limit`),
      set(`trusted${family}`, address, ['flags dynamic,timeout', `timeout ${LEARNT_SECONDS}s`, 'size 65535']),
    ]),
    ...addressSets(rules).map((name) => set(name, 'ipv4_addr', ['flags interval'])),
    chain('intercept', 'type nat hook prerouting priority dstnat - 1; policy accept;', [
      `iifname != ${lan} return`,
      'ether saddr @trusted return',
      'ip saddr . ether saddr @in4 return',
      'ip6 saddr . ether saddr @in6 return',
      ...garden('there'),
      ...verdicts(rules['preauthenticated-users'], 'there').flatMap((one) => gardenOf(one)),
      `tcp dport 80 dnat ip to ${gateway.ipv4}:${port}`,
      ...(gateway.ipv6 ? [`tcp dport 80 dnat ip6 to [${gateway.ipv6}]:${port}`] : []),
    ]),
    chain('input', 'type filter hook input priority filter - 1; policy accept;', [
      `iifname != ${lan} return`,
      'ether saddr @blocked drop',
      ...blocked,
      // Without these there is no IPv6 on the link at all.
      'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld2-listener-report } accept',
      'ct state invalid drop',
      'ct state established,related accept',
      // A client that asks for its first address has none yet.
      ...(outside ? [`${outside} ip saddr != 0.0.0.0 drop`] : []),
      ...atPortal,
      'ether saddr @trusted jump trusted_to_router',
      'jump to_router',
    ]),
    chain('forward', 'type filter hook forward priority filter - 1; policy accept;', [
      `iifname ${lan} jump from_client`,
      `oifname ${lan} jump to_client`,
    ]),
    chain('from_client', undefined, [
      'ether saddr @blocked drop',
      ...blocked,
      'ct state invalid drop',
      ...(outside ? [`${outside} drop`] : []),
      ...clamp,
      'ether saddr @trusted jump from_trusted',
      'ip saddr . ether saddr @in4 jump from_member',
      'ip6 saddr . ether saddr @in6 jump from_member',
      ...garden('there'),
      ...verdicts(rules['preauthenticated-users'], 'there'),
      AGAINST_STRANGERS,
    ]),
    chain('to_client', undefined, [
      ...clamp,
      'ip daddr @trusted4 accept',
      'ip6 daddr @trusted6 accept',
      'limit name ip daddr map @rate_got4 drop',
      'limit name ip6 daddr map @rate_got6 drop',
      'quota name ip daddr map @most_got4 drop',
      'quota name ip6 daddr map @most_got6 drop',
      'ip daddr @to4 ip daddr @got4 accept',
      'ip6 daddr @to6 ip6 daddr @got6 accept',
      ...garden('back'),
      ...verdicts(rules['preauthenticated-users'], 'back'),
      'drop',
    ]),
    chain('from_trusted', undefined, [
      'update @trusted4 { ip saddr }',
      'update @trusted6 { ip6 saddr }',
      ...verdicts(rules['trusted-users'], 'there'),
      AGAINST_STRANGERS,
    ]),
    chain('from_member', undefined, [
      'limit name ip saddr map @rate_sent4 drop',
      'limit name ip6 saddr map @rate_sent6 drop',
      'quota name ip saddr map @most_sent4 drop',
      'quota name ip6 saddr map @most_sent6 drop',
      // They match and have no verdict: an element counts when it is looked up.
      'ip saddr @sent4',
      'ip6 saddr @sent6',
      ...verdicts(rules['authenticated-users'], 'there'),
      AGAINST_STRANGERS,
    ]),
    chain('trusted_to_router', undefined, [...verdicts(rules['trusted-users-to-router'], 'there'), AGAINST_STRANGERS]),
    chain('to_router', undefined, [...verdicts(rules['users-to-router'], 'there'), AGAINST_STRANGERS]),
    '}',
    '',
  ].join('\n');
}

function set(name: string, type: string, options: readonly string[], elements: readonly string[] = []): string {
  const lines = [`type ${type}`, ...options];
  if (elements.length > 0) lines.push(`elements = { ${elements.join(', ')} }`);
  return `  set ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }`;
}

function map(name: string, type: string): string {
  return `  map ${name} {\n    type ${type}\n  }`;
}

function chain(name: string, hook: string | undefined, rules: readonly string[]): string {
  const lines = hook === undefined ? rules : [hook, ...rules];
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }`;
}

/** A set of rules, or its policy, as statements; `back`: for the packets that answer. */
function verdicts(set: RuleSet, way: 'there' | 'back'): string[] {
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

/** What is looked up in garden.ts. */
function gardenByName(way: 'there' | 'back'): string[] {
  const [begin, address, port] = way === 'there' ? ['', 'daddr', 'dport'] : ['ct direction reply ', 'saddr', 'sport'];
  return FAMILIES.map(
    ([family]) =>
      `${begin}${family === '4' ? 'ip' : 'ip6'} ${address} @garden${family} meta l4proto { tcp, udp } th ${port} { 80, 443 } accept`,
  );
}

/** Where strangers may go their requests are not redirected. */
function gardenOf(rule: string): string[] {
  return rule.endsWith(' accept') || rule === 'accept' ? [rule] : [];
}

function portText([first, last]: readonly [number, number]): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function addressSets(rules: FirewallSettings['rules']): string[] {
  const names = Object.values(rules).flatMap((set) =>
    typeof set === 'string'
      ? []
      : set.flatMap(({ addressSet }) => (addressSet === undefined ? [] : [setName(addressSet)])),
  );
  return [...new Set(names)];
}

/** Apart from our own. */
function setName(name: string): string {
  return `ipset_${name.replaceAll('-', '_')}`;
}

function clampOf(mss: PortalSettings['mss']): string[] {
  if (mss === 'as it is') return [];
  return [`tcp flags & (syn | rst) == syn tcp option maxseg size set ${mss === 'path' ? 'rt mtu' : mss}`];
}
