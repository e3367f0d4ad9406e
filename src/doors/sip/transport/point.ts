/** Names of sockets and the choice among them. */
import type { SipUri } from '../message/uri.ts';
import type { ListenPoint, Protocol } from './types.ts';

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** `127.0.0.1:5060`, `[::1]:5060`. */
export function hostPort(address: string, port: number): string {
  return familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What Via and Record-Route say in place of the socket's own address or port; a host without brackets. */
export interface Advertised {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

export function listenPoint(
  protocol: Protocol,
  address: string,
  port: number,
  advertised: Advertised = {},
): ListenPoint {
  return Object.freeze({
    protocol,
    address,
    port,
    family: familyOf(address),
    name: `${protocol}:${hostPort(address, port)}`,
    hostPort: hostPort(advertised.host ?? address, advertised.port ?? port),
  });
}

/** The same socket under another name; what it leaves open stays. */
export function advertisedAs(point: ListenPoint, { host, port }: Advertised): ListenPoint {
  const own = /^(.*):(\d+)$/.exec(point.hostPort);
  const name = host ?? own?.[1]?.replace(/^\[|\]$/g, '') ?? point.address;
  return { ...point, hostPort: hostPort(name, port ?? Number(own?.[2] ?? point.port)) };
}

/** The socket that a URI of ours names in a Record-Route. */
export function pointNamed(
  points: readonly ListenPoint[],
  uri: SipUri,
  transport: string | undefined,
): ListenPoint | undefined {
  const protocol = transport?.toLowerCase() ?? (uri.scheme === 'sips' ? 'tls' : 'udp');
  const named = `${uri.host}:${uri.port || (protocol === 'tls' ? 5061 : 5060)}`;
  for (const point of points) {
    const spoken = point.protocol === 'wss' ? 'ws' : point.protocol;
    if (spoken === protocol && point.hostPort === named) return point;
  }
  return undefined;
}

/** For our own URIs; WebSocket has one name for both kinds (RFC 7118 section 5). */
export function transportParameter({ protocol }: ListenPoint): string {
  if (protocol === 'udp') return '';
  return protocol === 'wss' ? ';transport=ws' : `;transport=${protocol}`;
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/**
 * The socket to send from: the preferred one if it can reach the address, else the first that can, else the first of the
 * address family. Nothing leaves the machine from a loopback address, and nothing comes back to another one from there.
 */
export function choosePoint(
  points: readonly ListenPoint[],
  protocol: Protocol,
  address: string,
  preferred: ListenPoint | undefined,
): ListenPoint | undefined {
  const family = familyOf(address);
  const loopback = isLoopback(address);
  if (preferred !== undefined && points.includes(preferred) && suits(preferred, protocol, family, loopback)) {
    return preferred;
  }
  let fallback: ListenPoint | undefined;
  for (const point of points) {
    if (suits(point, protocol, family, loopback)) return point;
    if (fallback === undefined && point.protocol === protocol && point.family === family) fallback = point;
  }
  return fallback;
}

function suits(point: ListenPoint, protocol: Protocol, family: 4 | 6, loopback: boolean): boolean {
  if (point.protocol !== protocol || point.family !== family) return false;
  return isWildcard(point.address) || isLoopback(point.address) === loopback;
}
