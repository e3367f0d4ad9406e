/**
 * The chains of one interface. Each interface has base chains of its own: what one of them accepts still has to pass that of the interface it goes out by.
 *
 * Order in each: blocked, then trusted, then those that are in, then strangers. Packets to a client are judged by address and interface, since they
 * come without its MAC. What comes back from where strangers may go is let through by the same rules, read backwards.
 */
import { BYTES_OF_KBIT, type PortalSettings } from '../config/model.ts';
import { rateText } from './elements.ts';
import { gardenOf, verdicts } from './statements.ts';

/** What only the machine itself can tell. */
export interface GatewayAddresses {
  readonly ipv4: string;
  /** Undefined: strangers are not redirected over IPv6, only refused. */
  readonly ipv6: string | undefined;
}

export type ChainSettings = Pick<
  PortalSettings,
  | 'interface'
  | 'address_range'
  | 'port'
  | 'mss'
  | 'mac_mechanism'
  | 'trust'
  | 'rules'
  | 'garden_domains'
  | 'https'
  | 'total_upload_kbit'
  | 'total_download_kbit'
>;

const AGAINST_STRANGERS = 'meta l4proto tcp reject with tcp reset\n    reject with icmpx type port-unreachable';

const FAMILIES = [
  ['4', 'ip'],
  ['6', 'ip6'],
] as const;

/** What bounds all that are in on an interface together, both ways, by the suffix of its chains. */
export function totalNames(suffix: string): readonly [sent: string, got: string] {
  return [`all_sent${suffix}`, `all_got${suffix}`];
}

/** `suffix`: of all its names, another one for each interface. With the limits that they speak of. */
export function chains(settings: ChainSettings, gateway: GatewayAddresses, suffix: string): string[] {
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
  const [totalSent, totalGot] = totalNames(suffix);
  // A packet that is past its client's own rate takes nothing from the others.
  const allSent = settings.total_upload_kbit > 0 ? [`limit name ${totalSent} drop`] : [];
  const allGot = (sets: string) =>
    settings.total_download_kbit > 0
      ? FAMILIES.map(([family, ip]) => `oifname . ${ip} daddr @${sets}${family} limit name ${totalGot} drop`)
      : [];
  const trusted = settings.trust ? ['ether saddr @trusted'] : [];
  const toTrusted = settings.trust
    ? [...allGot('trusted'), ...FAMILIES.map(([family, ip]) => `oifname . ${ip} daddr @trusted${family} accept`)]
    : [];

  return [
    ...limit(totalSent, settings.total_upload_kbit),
    ...limit(totalGot, settings.total_download_kbit),
    chain('intercept', 'type nat hook prerouting priority dstnat - 1; policy accept;', [
      `iifname != ${lan} return`,
      ...trusted.map((one) => `${one} return`),
      'iifname . ip saddr . ether saddr @in4 return',
      'iifname . ip6 saddr . ether saddr @in6 return',
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
      ...trusted.map((one) => `${one} ${jump('trusted_to_router')}`),
      jump('to_router'),
    ]),
    chain('forward', 'type filter hook forward priority filter - 1; policy accept;', [
      `iifname ${lan} ${jump('from_client')}`,
      `oifname ${lan} ${jump('to_client')}`,
    ]),
    chain('from_client', undefined, [
      'ether saddr @blocked drop',
      ...blocked,
      'ct state invalid drop',
      ...(outside ? [`${outside} drop`] : []),
      ...clamp,
      ...trusted.map((one) => `${one} ${jump('from_trusted')}`),
      `iifname . ip saddr . ether saddr @in4 ${jump('from_member')}`,
      `iifname . ip6 saddr . ether saddr @in6 ${jump('from_member')}`,
      ...garden('there'),
      ...verdicts(rules['preauthenticated-users'], 'there'),
      AGAINST_STRANGERS,
    ]),
    chain('to_client', undefined, [
      ...clamp,
      ...toTrusted,
      'limit name ip daddr map @rate_got4 drop',
      'limit name ip6 daddr map @rate_got6 drop',
      ...allGot('to'),
      'quota name ip daddr map @most_got4 drop',
      'quota name ip6 daddr map @most_got6 drop',
      'oifname . ip daddr @to4 ip daddr @got4 accept',
      'oifname . ip6 daddr @to6 ip6 daddr @got6 accept',
      ...garden('back'),
      ...verdicts(rules['preauthenticated-users'], 'back'),
      'drop',
    ]),
    chain('from_trusted', undefined, [
      'update @trusted4 { iifname . ip saddr }',
      'update @trusted6 { iifname . ip6 saddr }',
      ...allSent,
      ...verdicts(rules['trusted-users'], 'there'),
      AGAINST_STRANGERS,
    ]),
    chain('from_member', undefined, [
      'limit name ip saddr map @rate_sent4 drop',
      'limit name ip6 saddr map @rate_sent6 drop',
      ...allSent,
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
  ];

  function chain(name: string, hook: string | undefined, rules: readonly string[]): string {
    const lines = hook === undefined ? rules : [hook, ...rules];
    return `  chain ${name}${suffix} {\n${lines.map((line) => `    ${line}\n`).join('')}  }`;
  }

  function jump(to: string): string {
    return `jump ${to}${suffix}`;
  }
}

function limit(name: string, kbit: number): string[] {
  return kbit > 0 ? [`  limit ${name} {\n    ${rateText(kbit * BYTES_OF_KBIT)}\n  }`] : [];
}

/** What is looked up in garden.ts. */
function gardenByName(way: 'there' | 'back'): string[] {
  const [begin, address, port] = way === 'there' ? ['', 'daddr', 'dport'] : ['ct direction reply ', 'saddr', 'sport'];
  return FAMILIES.map(
    ([family, ip]) =>
      `${begin}${ip} ${address} @garden${family} meta l4proto { tcp, udp } th ${port} { 80, 443 } accept`,
  );
}

function clampOf(mss: PortalSettings['mss']): string[] {
  if (mss === 'as it is') return [];
  return [`tcp flags & (syn | rst) == syn tcp option maxseg size set ${mss === 'path' ? 'rt mtu' : mss}`];
}
