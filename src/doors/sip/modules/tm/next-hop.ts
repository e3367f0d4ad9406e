/**
 * Where a request goes for a URI: protocol, address, port and the socket to send from.
 *
 * The URI's own host is taken; maddr is ignored, since it would let a contact aim our traffic at a third party. There is no SRV or
 * NAPTR search. sips is refused as long as there is no TLS. Source: RFC 3261 sections 16.6 (step 7), 18.1.1 and 19.1.
 */
import { isIP } from 'node:net';
import { word } from '../../message/chars.ts';
import { detach } from '../../message/message.ts';
import { bareHost, parseUri, uriParam } from '../../message/uri.ts';
import type { ListenPoint, Protocol, Target, Transport } from '../../transport/types.ts';
import type { HostCache, HostWaiter } from './host-cache.ts';

const DEFAULT_PORT = 5060;
const TRANSPORT = word('transport');

/** Why a request cannot go there: what `sl_reply_error` shall say. */
export class HopFault {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string) {
    this.status = status;
    this.reason = reason;
  }
}

const UNUSABLE = new HopFault(479, 'Regretfully, we were not able to process the URI');
const UNRESOLVABLE = new HopFault(478, 'Unresolvable destination');
const BAD_SCHEME = new HopFault(416, 'Unsupported URI Scheme');
/** As many transactions run, or characters are held, as the limit allows. */
export const OVERLOADED = new HopFault(503, 'Server Overloaded');
/** No socket of ours speaks that protocol and address family, or sending failed. */
export const UNREACHABLE = new HopFault(477, 'Unfortunately error on sending to next hop occurred');

/**
 * The target that `uri` means. Undefined: the host name is being looked up and `waiter` will be told; without a waiter an
 * unknown name is a fault.
 */
export function nextHop(
  uri: string,
  preferred: ListenPoint,
  transport: Transport,
  hosts: HostCache,
  waiter: HostWaiter | undefined,
): Target | HopFault | undefined {
  const parsed = parseUri(uri);
  if (parsed === undefined) return UNUSABLE;
  if (parsed.scheme !== 'sip') return BAD_SCHEME;
  const protocol = protocolOf(uriParam(parsed, TRANSPORT));
  if (protocol === undefined) return UNUSABLE;
  const port = parsed.port || DEFAULT_PORT;
  const host = bareHost(parsed.host);
  // The target outlives the request, which the address would keep alive as a slice of it.
  if (isIP(host) !== 0) return targetAt(protocol, detach(host), port, preferred, transport) ?? UNREACHABLE;
  const addresses = hosts.find(host, waiter);
  if (addresses === undefined) return undefined;
  for (const address of addresses) {
    const target = targetAt(protocol, address, port, preferred, transport);
    if (target) return target;
  }
  return addresses.length === 0 ? UNRESOLVABLE : UNREACHABLE;
}

function targetAt(
  protocol: Protocol,
  address: string,
  port: number,
  preferred: ListenPoint,
  transport: Transport,
): Target | undefined {
  const point = transport.pointFor(protocol, address, preferred);
  return point && { protocol, address, port, point, connection: undefined };
}

function protocolOf(transport: string | undefined): Protocol | undefined {
  if (transport === undefined) return 'udp';
  const name = transport.toLowerCase();
  return name === 'udp' || name === 'tcp' ? name : undefined;
}
