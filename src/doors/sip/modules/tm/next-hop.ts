/**
 * Where a request goes for a URI: for each server that may be tried its protocol, address, port and the socket to send from.
 *
 * The URI's own host is taken; maddr is ignored, since it would let a contact aim our traffic at a third party. sips means TLS for this
 * hop, and so does a Request-URI of sips whatever the next hop's URI says. A connection that leads there is used, so that the Via names
 * its socket; the certificate must be good for the host of the URI, whichever server DNS named for it (RFC 5922 section 4).
 * Source: RFC 3261 sections 16.6 (step 7), 18.1.1, 19.1 and 26.2.2; RFC 3263 by resolve/; RFC 7118 for ws.
 */
import { isIP } from 'node:net';
import { word } from '../../message/chars.ts';
import { detach } from '../../message/message.ts';
import { bareHost, parseUri, uriParam } from '../../message/uri.ts';
import type { DeadTargets } from '../../resolve/dead-targets.ts';
import { type Located, locate, type Names } from '../../resolve/locate.ts';
import type { RecordCache, RecordWaiter } from '../../resolve/record-cache.ts';
import type { Records, RecordType } from '../../resolve/records.ts';
import { isNowhere } from '../../transport/connection-names.ts';
import type { Connection, ListenPoint, Protocol, Target, Transport } from '../../transport/types.ts';

const TRANSPORT = word('transport');
/** Servers of one branch. */
const MOST = 6;

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

/** One at least; the others are for when it fails. */
export type Targets = readonly [Target, ...Target[]];

/** What is the same for all branches of a request. */
export interface Way {
  /** The Request-URI is of sips. */
  readonly secure: boolean;
  /** The socket to send from, where it can. */
  readonly preferred: ListenPoint;
  /** Chooses among servers of the same rank. */
  readonly callId: string;
}

export class NextHops implements Names {
  readonly #transport: Transport;
  readonly #records: RecordCache;
  readonly #dead: DeadTargets;
  /** Of the search under way. */
  #waiter: RecordWaiter | undefined;

  constructor(transport: Transport, records: RecordCache, dead: DeadTargets) {
    this.#transport = transport;
    this.#records = records;
    this.#dead = dead;
  }

  /**
   * The targets that `uri` means. Undefined: host names are being looked up and `waiter` will be told; without a waiter an unknown
   * name is a fault.
   */
  to(uri: string, way: Way, waiter: RecordWaiter | undefined): Targets | HopFault | undefined {
    const parsed = parseUri(uri);
    if (parsed === undefined) return UNUSABLE;
    if (parsed.scheme !== 'sip' && parsed.scheme !== 'sips') return BAD_SCHEME;
    const secure = way.secure || parsed.scheme === 'sips';
    const parameter = uriParam(parsed, TRANSPORT);
    const protocol = parameter === undefined ? undefined : protocolOf(parameter.toLowerCase(), secure);
    if (protocol === undefined && parameter !== undefined) return UNUSABLE;
    const named = protocol ?? (secure ? 'tls' : 'udp');
    const own = named === 'udp' ? undefined : this.#transport.names.find(parsed, named);
    if (own) return [over(own)];
    // What outlives the request must not keep it alive as a slice of it.
    const host = detach(bareHost(parsed.host));
    if (isNowhere(host)) return GONE;
    // Without a socket of TLS, sips is a scheme that we do not speak.
    const nowhere = secure ? BAD_SCHEME : UNREACHABLE;
    // Whatever its addresses are; nobody need wait to hear that.
    if ((secure || protocol !== undefined) && !this.speaks(named)) return nowhere;
    this.#waiter = waiter;
    const located = locate({ host, port: parsed.port, protocol, secure, callId: way.callId }, this);
    if (located === undefined) return undefined;
    const targets = this.#targetsAt(located, isIP(host) === 0 ? host : undefined, way.preferred);
    if (targets.length > 0) return targets as [Target, ...Target[]];
    return located.length === 0 ? UNRESOLVABLE : nowhere;
  }

  /**
   * For a request too large for UDP (RFC 3261 section 18.1.1): where `uri` names no transport each server is asked by TCP, and by UDP
   * where that is refused. One that refused a short while ago is not asked again so soon.
   */
  byStream(uri: string, targets: Targets): Targets {
    const parsed = parseUri(uri);
    if (parsed === undefined || uriParam(parsed, TRANSPORT) !== undefined || !this.speaks('tcp')) return targets;
    const both: Target[] = [];
    for (const target of targets) {
      const stream = target.protocol === 'udp' ? this.#streamTo(target) : undefined;
      if (stream) both.push(stream, { ...target, fallback: true });
      else both.push(target);
    }
    return both as [Target, ...Target[]];
  }

  #streamTo({ address, port, point: own }: Target): Target | undefined {
    const connection = this.#transport.connectionTo('tcp', address, port);
    const { points } = this.#transport;
    const twin = points.find((one) => one.protocol === 'tcp' && one.address === own?.address && one.port === own.port);
    const point = connection ? connection.point : this.#transport.pointFor('tcp', address, twin);
    const stream: Target = { protocol: 'tcp', address, port, point, connection };
    return point && (connection || !this.#dead.isDead(stream)) ? stream : undefined;
  }

  /** `name`: the host name that led there. */
  #targetsAt(located: readonly Located[], name: string | undefined, preferred: ListenPoint): Target[] {
    const targets: Target[] = [];
    for (const { protocol, address, port } of located) {
      const connection = protocol === 'udp' ? undefined : this.#transport.connectionTo(protocol, address, port, name);
      const point = connection ? connection.point : this.#transport.pointFor(protocol, address, preferred);
      const proven = protocol === 'tls' ? name : undefined;
      if (point) targets.push({ protocol: point.protocol, address, port, point, connection, name: proven });
    }
    // A copy, as an array that was pushed to has room for sixteen more.
    return this.#dead.sort(targets).slice(0, MOST);
  }

  find<T extends RecordType>(type: T, name: string): readonly Records[T][] | undefined {
    return this.#records.find(type, name, this.#waiter);
  }

  speaks(protocol: Protocol, family?: 4 | 6): boolean {
    for (const point of this.#transport.points) {
      if (point.protocol !== protocol && !(point.protocol === 'wss' && protocol === 'ws')) continue;
      if (family === undefined || point.family === family) return true;
    }
    return false;
  }
}

function over(connection: Connection): Target {
  const { point, remoteAddress: address, remotePort: port } = connection;
  return { protocol: point.protocol, address, port, point, connection, name: undefined };
}

function protocolOf(transport: string, secure: boolean): Protocol | undefined {
  switch (transport) {
    case 'udp':
      return secure ? undefined : transport;
    case 'tcp':
      return secure ? 'tls' : transport;
    case 'ws':
      return secure ? 'wss' : transport;
    case 'tls':
    case 'wss':
      return transport;
    default:
      return undefined;
  }
}
