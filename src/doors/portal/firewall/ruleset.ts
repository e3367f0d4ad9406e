/**
 * The firewall as text for `nft -f -`: one table that is everything of ours, so that loading it is one transaction, and removing it
 * leaves nothing. It only narrows what other tables let through.
 *
 * Who is in stands in sets, looked up at the same cost however many they are: an element holds address and MAC of a client, and goes
 * by itself when its time is over, also when nobody is there to remove it. So a crash lets nobody in, and keeps nobody in.
 *
 * `in4` and `in6` are what a client sends, by interface, address and MAC: an address of one interface counts for nothing on another. `to4` and
 * `to6` are what it gets. Bytes are counted in sets of their own, `sent` and `got`, which stay until they have been read; only what gets
 * past its rate and volume counts.
 */
import type { PortalSettings } from '../config/model.ts';
import { type ChainSettings, chains, type GatewayAddresses, totalNames } from './chains.ts';
import { admission, limitRemoval, type Member, TABLE } from './elements.ts';
import { addressSets } from './statements.ts';

export type FirewallSettings = ChainSettings & Pick<PortalSettings, 'trusted_macs' | 'blocked_macs' | 'allowed_macs'>;

/** An interface that clients are on. */
export interface Inside {
  readonly settings: FirewallSettings;
  readonly gateway: GatewayAddresses;
}
/** Addresses of cards are those of the first. */
export type Insides<T extends Inside = Inside> = readonly [T, ...T[]];

/** Trusted clients are known by MAC; where their packets go to is learnt from what they send. */
const LEARNT_SECONDS = 3600;

const FAMILIES = [
  ['4', 'ipv4_addr'],
  ['6', 'ipv6_addr'],
] as const;

export const REMOVE_TABLE = `add table ${TABLE}\ndelete table ${TABLE}\n`;

/** Takes the place of the table that is there, if any, all at once, with those that are in. */
export function ruleset(insides: Insides, members: readonly Member[]): string {
  const { blocked_macs: blocked, allowed_macs: allowed, trusted_macs: trusted } = insides[0].settings;
  return `${REMOVE_TABLE}${table(insides, { blocked, allowed, trusted })}${members.map(admission).join('')}`;
}

/** Other rules in place of those that are there, in one transaction; sets, counters and volumes stay as they are. */
export function otherRules(insides: Insides): string {
  const text = table(insides, { blocked: [], allowed: [], trusted: [] });
  const names = [...text.matchAll(/^ {2}chain (\w+) \{$/gm)].map(([, name]) => `flush chain ${TABLE} ${name}\n`);
  // A limit that is there keeps its value unless it goes and comes.
  const totals = insides.flatMap((_inside, i) => totalNames(suffixOf(i))).map(limitRemoval);
  return `${names.join('')}${totals.join('')}${text}`;
}

function table(insides: Insides, macs: Readonly<Record<'blocked' | 'allowed' | 'trusted', readonly string[]>>): string {
  const named = new Set(insides.flatMap(({ settings }) => addressSets(settings.rules)));
  return [
    `table ${TABLE} {`,
    set('blocked', 'ether_addr', [], macs.blocked),
    set('allowed', 'ether_addr', [], macs.allowed),
    set('trusted', 'ether_addr', [], macs.trusted),
    ...FAMILIES.flatMap(([family, address]) => [
      set(`in${family}`, `ifname . ${address} . ether_addr`, ['flags timeout']),
      set(`to${family}`, `ifname . ${address}`, ['flags timeout']),
      set(`sent${family}`, address, ['counter']),
      set(`got${family}`, address, ['counter']),
      set(`garden${family}`, address, ['flags timeout']),
      map(`most_sent${family}`, `${address} : quota`),
      map(`most_got${family}`, `${address} : quota`),
      map(`rate_sent${family}`, `${address} : limit`),
      map(`rate_got${family}`, `${address} : limit`),
      set(`trusted${family}`, `ifname . ${address}`, [
        'flags dynamic,timeout',
        `timeout ${LEARNT_SECONDS}s`,
        'size 65535',
      ]),
    ]),
    ...[...named].map((name) => set(name, 'ipv4_addr', ['flags interval'])),
    ...insides.flatMap(({ settings, gateway }, i) => chains(settings, gateway, suffixOf(i))),
    '}',
    '',
  ].join('\n');
}

function suffixOf(inside: number): string {
  return inside === 0 ? '' : `_${inside + 1}`;
}

function set(name: string, type: string, options: readonly string[], elements: readonly string[] = []): string {
  const lines = [`type ${type}`, ...options];
  if (elements.length > 0) lines.push(`elements = { ${elements.join(', ')} }`);
  return `  set ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }`;
}

function map(name: string, type: string): string {
  return `  map ${name} {\n    type ${type}\n  }`;
}
