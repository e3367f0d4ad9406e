/**
 * One client in the sets of the table, as commands of nft: the pair that lets it in, the address that it is reached at, its counters,
 * what it may still send and get, and how fast.
 *
 * An element may have expired, or stand there already, when a change comes: each change first adds what it then deletes, which holds
 * in both cases and lets a new time count. A volume is a quota of the kernel: the packet that would go past it is dropped, also when
 * nobody of ours is there to look.
 */
import { isIPv4 } from 'node:net';
import type { Bytes, Place } from '../clients.ts';

export const TABLE = 'inet gatehouse_portal';

/** A client that is in, as the sets hold it. */
export interface Member extends Place {
  /** Other addresses of its card: its volumes and rates are those of all together. */
  readonly also: readonly string[];
  /** Milliseconds that are left; undefined: no end. */
  readonly leftMs: number | undefined;
  /** Bytes that are left; 0 = no limit. */
  readonly left: Bytes;
  /** Bytes in a second; 0 = no limit. */
  readonly rate: Bytes;
}

/** With new counters and new volumes; `removal` goes before it where the client may be there already. */
export function admission(member: Member): string {
  const bounds = boundsOf(member);
  return [
    ...bounds.map(({ kind, name, most }) => addBound(kind, name, most)),
    ...addressesOf(member).map((address) => entry(member, address, bounds)),
  ].join('');
}

/** Its counters stay until `forgetting`. */
export function removal(member: Member): string {
  const bounds = boundsOf(member);
  return [
    ...bounds.map(({ kind, name }) => addBound(kind, name, 1)),
    ...addressesOf(member).map((address) => exit(member, address, bounds)),
    ...bounds.map(({ kind, name }) => `delete ${kind} ${TABLE} ${name}\n`),
  ].join('');
}

/** One more address of a client that is in: with its end, and the volumes and rates that it has already. */
export function joining(member: Member, address: string): string {
  const bounds = boundsOf(member);
  return `${exit(member, address, bounds)}${entry(member, address, bounds)}`;
}

export function parting(member: Member, address: string): string {
  return exit(member, address, boundsOf(member));
}

export function forgetting(addresses: readonly string[]): string {
  return addresses
    .flatMap((address) => {
      const { counters } = setsOf(address);
      return ['add', 'delete'].flatMap((verb) => counters.map((set) => element(verb as 'add', set, address)));
    })
    .join('');
}

export function addressesOf({ address, also }: Pick<Member, 'address' | 'also'>): string[] {
  return [address, ...also];
}

function entry(member: Member, address: string, bounds: readonly Bound[]): string {
  const { pairs, addresses, counters, family } = setsOf(address);
  const { pair, target } = keysOf(member, address);
  const timeout = member.leftMs === undefined ? '' : ` timeout ${Math.max(1, Math.round(member.leftMs))}ms`;
  return [
    ...counters.map((set) => element('add', set, address)),
    ...bounds.map(({ name, map }) => element('add', `${map}${family}`, `${address} : "${name}"`)),
    element('add', pairs, `${pair}${timeout}`),
    element('add', addresses, `${target}${timeout}`),
  ].join('');
}

function exit(member: Member, address: string, bounds: readonly Bound[]): string {
  const { pairs, addresses, family } = setsOf(address);
  const { pair, target } = keysOf(member, address);
  return [
    element('add', pairs, pair),
    element('add', addresses, target),
    element('delete', pairs, pair),
    element('delete', addresses, target),
    ...bounds.flatMap(({ name, map }) => [
      element('add', `${map}${family}`, `${address} : "${name}"`),
      element('delete', `${map}${family}`, address),
    ]),
  ].join('');
}

/** Of an address in the walled garden: one that is there gets another time only when it goes and comes. */
export function planting(address: string, seconds: number): string {
  const set = `garden${setsOf(address).family}`;
  return [
    element('add', set, address),
    element('delete', set, address),
    element('add', set, `${address} timeout ${seconds}s`),
  ].join('');
}

export type Way = 'sent' | 'got';

/** Of the quota that bounds what a client sends or gets, by its first address. */
export function quotaName(way: Way, address: string): string {
  return `${way}_${address.replaceAll(/[.:]/g, '_')}`;
}

function setsOf(address: string) {
  const family = isIPv4(address) ? '4' : '6';
  return { pairs: `in${family}`, addresses: `to${family}`, counters: [`sent${family}`, `got${family}`], family };
}

function keysOf({ interface: card, mac }: Place, address: string) {
  const target = `"${card}" . ${address}`;
  return { target, pair: `${target} . ${mac}` };
}

/** A volume, or a rate: an object of the kernel that maps find by each address of the client. */
interface Bound {
  readonly kind: 'quota' | 'limit';
  readonly name: string;
  /** Without the family. */
  readonly map: string;
  /** Bytes, or bytes in a second. */
  readonly most: number;
}

function boundsOf({ address, left, rate }: Member): Bound[] {
  const ways = [
    ['sent', left.sent, rate.sent],
    ['got', left.received, rate.received],
  ] as const;
  return ways.flatMap(([way, volume, speed]) => {
    const name = quotaName(way, address);
    const quota: Bound = { kind: 'quota', name, map: `most_${way}`, most: volume };
    const limit: Bound = { kind: 'limit', name, map: `rate_${way}`, most: speed };
    return [quota, limit].filter(({ most }) => most > 0);
  });
}

/** Of what is too much: for a limit of so many bytes in a second. */
export function rateText(most: number): string {
  return `rate over ${most} bytes/second burst ${BURST} bytes ;`;
}

/** The kernel lets a second's worth through at once, and so much besides: a slow client's must hold two of the largest packets. */
const BURST = 131_072;

function addBound(kind: Bound['kind'], name: string, most: number): string {
  return `add ${kind} ${TABLE} ${name} { ${kind === 'quota' ? `over ${most} bytes` : rateText(most)} }\n`;
}

/** Whether it is there or not. */
export function limitRemoval(name: string): string {
  return `${addBound('limit', name, 1)}delete limit ${TABLE} ${name}\n`;
}

function element(verb: 'add' | 'delete', set: string, text: string): string {
  return `${verb} element ${TABLE} ${set} { ${text} }\n`;
}
