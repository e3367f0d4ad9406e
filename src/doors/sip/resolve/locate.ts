/**
 * The servers behind a SIP URI, in the order in which they are to be tried (RFC 3263 sections 4.1 and 4.2).
 *
 * NAPTR chooses the protocol where the URI leaves it open, SRV the servers and their ports where it names no port, A and AAAA their
 * addresses. What is not known yet makes the whole undefined: whoever asked is told, and asks again.
 *
 * A departure: servers of all protocols that NAPTR offers follow each other, so that a failure of the first need not be the last word.
 * Bounds: 8 offers, 8 servers of each.
 */
import { isIP } from 'node:net';
import type { Protocol } from '../transport/types.ts';
import type { NaptrRecord, Records, RecordType, ServiceRecord } from './records.ts';
import { orderServices } from './service-order.ts';

/** As much of the URI as matters here. */
export interface Wanted {
  /** In lower case, IPv6 without brackets. */
  readonly host: string;
  /** 0 = none given. */
  readonly port: number;
  /** Undefined: the URI leaves it open. */
  readonly protocol: Protocol | undefined;
  /** TLS is demanded. */
  readonly secure: boolean;
  /** Chooses among servers of the same rank. */
  readonly callId: string;
}

export interface Located {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
}

/** What the search may use. */
export interface Names {
  /** Undefined: not known yet. */
  find<T extends RecordType>(type: T, name: string): readonly Records[T][] | undefined;
  /** Whether a socket of ours speaks it, in this address family if one is given. */
  speaks(protocol: Protocol, family?: 4 | 6): boolean;
}

interface Service {
  readonly protocol: Protocol;
  /** Of its SRV records. */
  readonly name: string;
}

const MOST = 8;
const DEFAULT_PORTS = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 } as const;
/** What NAPTR calls the protocols that we can open a connection for (RFC 3263 section 4.1). */
const OFFERS: ReadonlyMap<string, Protocol> = new Map([
  ['SIP+D2U', 'udp'],
  ['SIP+D2T', 'tcp'],
  ['SIPS+D2T', 'tls'],
]);
const PREFIXES = { udp: '_sip._udp.', tcp: '_sip._tcp.', tls: '_sips._tcp.' } as const;

/** Undefined: some of it is not known yet. None: the name leads nowhere. */
export function locate(wanted: Wanted, names: Names): readonly Located[] | undefined {
  const { host, port, protocol, secure } = wanted;
  const chosen = protocol ?? usual(secure, names);
  if (port !== 0 || isIP(host) !== 0 || chosen === 'ws' || chosen === 'wss')
    return addresses(host, chosen, port, names);
  if (protocol !== undefined) return servers([service(chosen, host)], wanted, names);
  const offers = names.find('NAPTR', host);
  if (offers === undefined) return undefined;
  const usable = offers.filter((offer) => isUsable(offer, secure, names));
  if (usable.length > 0) return servers(inOrder(usable), wanted, names);
  return secure ? servers([service('tls', host)], wanted, names) : byTrial(wanted, names);
}

/** Nothing says which protocol is wanted: that which has servers. */
function byTrial(wanted: Wanted, names: Names): readonly Located[] | undefined {
  const { host } = wanted;
  const services = (['udp', 'tcp'] as const).filter((one) => names.speaks(one)).map((one) => service(one, host));
  const offered = services.map(({ name }) => names.find('SRV', name));
  if (offered.includes(undefined)) return undefined;
  const first = services.findIndex((_, at) => offered[at]!.some(leadsSomewhere));
  return servers(first < 0 ? services : [services[first]!], wanted, names);
}

function servers(services: readonly Service[], wanted: Wanted, names: Names): readonly Located[] | undefined {
  const offered = services.map(({ name }) => names.find('SRV', name));
  if (offered.includes(undefined)) return undefined;
  if (offered.every((records) => records!.length === 0)) {
    const protocol = services[0]?.protocol ?? usual(wanted.secure, names);
    return addresses(wanted.host, protocol, 0, names);
  }
  const found: Located[] = [];
  let complete = true;
  for (const [at, { protocol }] of services.entries()) {
    for (const { name, port } of orderServices(offered[at]!.filter(leadsSomewhere), wanted.callId).slice(0, MOST)) {
      const some = addresses(name, protocol, port, names);
      if (some) found.push(...some);
      else complete = false;
    }
  }
  return complete ? found : undefined;
}

/** Port 0: that of the protocol. */
function addresses(host: string, protocol: Protocol, port: number, names: Names): readonly Located[] | undefined {
  const at = port || DEFAULT_PORTS[protocol];
  if (isIP(host) !== 0) return [{ protocol, address: host, port: at }];
  // Both are asked for before anybody waits.
  const four = names.speaks(protocol, 4) ? names.find('A', host) : [];
  const six = names.speaks(protocol, 6) ? names.find('AAAA', host) : [];
  if (four === undefined || six === undefined) return undefined;
  return [...four, ...six].map((address) => ({ protocol, address, port: at }));
}

function usual(secure: boolean, names: Names): Protocol {
  if (secure) return 'tls';
  return names.speaks('udp') ? 'udp' : 'tcp';
}

function isUsable({ flags, service: offered, replacement }: NaptrRecord, secure: boolean, names: Names): boolean {
  const protocol = OFFERS.get(offered.toUpperCase());
  if (protocol === undefined || flags.toLowerCase() !== 's' || replacement === '') return false;
  return names.speaks(protocol) && (!secure || protocol === 'tls');
}

function inOrder(offers: readonly NaptrRecord[]): Service[] {
  const sorted = offers.toSorted((a, b) => a.order - b.order || a.preference - b.preference).slice(0, MOST);
  return sorted.map((offer) => ({ protocol: OFFERS.get(offer.service.toUpperCase())!, name: offer.replacement }));
}

function service(protocol: 'udp' | 'tcp' | 'tls', host: string): Service {
  return { protocol, name: PREFIXES[protocol] + host };
}

function leadsSomewhere({ name }: ServiceRecord): boolean {
  return name !== '';
}
