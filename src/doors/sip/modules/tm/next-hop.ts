/**
 * Where a request goes for a URI: protocol, address, port and the socket to send from.
 *
 * The URI's own host is taken; maddr is ignored, since it would let a contact aim our traffic at a third party. There is no SRV or
 * NAPTR search. sips means TLS for this hop. A connection that leads there is used, so that the Via names its socket.
 * Source: RFC 3261 sections 16.6 (step 7), 18.1.1, 19.1 and 26.2.2; RFC 7118 for ws.
 */
import { isIP } from 'node:net';
import { word } from '../../message/chars.ts';
import { detach } from '../../message/message.ts';
import { bareHost, parseUri, uriParam } from '../../message/uri.ts';
import { isNowhere } from '../../transport/connection-names.ts';
import type { Connection, ListenPoint, Protocol, Target, Transport } from '../../transport/types.ts';
import type { HostCache, HostWaiter } from './host-cache.ts';

const TRANSPORT = word('transport');
const DEFAULT_PORTS = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 } as const;

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
/** The contact is reached over its own connection only, and that is closed. */
const GONE = new HopFault(480, 'Temporarily Unavailable');
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
  if (parsed.scheme !== 'sip' && parsed.scheme !== 'sips') return BAD_SCHEME;
  const protocol = protocolOf(uriParam(parsed, TRANSPORT), parsed.scheme === 'sips');
  if (protocol === undefined) return UNUSABLE;
  const own = protocol === 'udp' ? undefined : transport.names.find(parsed, protocol);
  if (own) return over(own);
  const port = parsed.port || DEFAULT_PORTS[protocol];
  const host = bareHost(parsed.host);
  // Without a socket of TLS, sips is a scheme that we do not speak.
  const nowhere = parsed.scheme === 'sips' ? BAD_SCHEME : UNREACHABLE;
  // The target outlives the request, which the address would keep alive as a slice of it.
  if (isIP(host) !== 0) return targetAt(protocol, detach(host), port, undefined, preferred, transport) ?? nowhere;
  if (isNowhere(host)) return GONE;
  // Whatever its addresses are; nobody need wait to hear that.
  if (!speaks(protocol, transport)) return nowhere;
  const addresses = hosts.find(host, waiter);
  if (addresses === undefined) return undefined;
  for (const address of addresses) {
    const target = targetAt(protocol, address, port, host, preferred, transport);
    if (target) return target;
  }
  return addresses.length === 0 ? UNRESOLVABLE : nowhere;
}

/** Whether a socket of ours, of either address family, speaks it. */
function speaks(protocol: Protocol, transport: Transport): boolean {
  for (const { protocol: spoken } of transport.points)
    if (spoken === protocol || (spoken === 'wss' && protocol === 'ws')) return true;
  return false;
}

function over(connection: Connection): Target {
  const { point, remoteAddress: address, remotePort: port } = connection;
  return { protocol: point.protocol, address, port, point, connection, name: undefined };
}

/** `name`: the host name that led to the address. */
function targetAt(
  protocol: Protocol,
  address: string,
  port: number,
  name: string | undefined,
  preferred: ListenPoint,
  transport: Transport,
): Target | undefined {
  const connection = protocol === 'udp' ? undefined : transport.connectionTo(protocol, address, port, name);
  const point = connection ? connection.point : transport.pointFor(protocol, address, preferred);
  const proven = protocol === 'tls' && name !== undefined ? detach(name) : undefined;
  return point && { protocol: point.protocol, address, port, point, connection, name: proven };
}

function protocolOf(transport: string | undefined, secure: boolean): Protocol | undefined {
  if (transport === undefined) return secure ? 'tls' : 'udp';
  const name = transport.toLowerCase();
  switch (name) {
    case 'udp':
      return secure ? undefined : name;
    case 'tcp':
      return secure ? 'tls' : name;
    case 'ws':
      return secure ? 'wss' : name;
    case 'tls':
    case 'wss':
      return name;
    default:
      return undefined;
  }
}
