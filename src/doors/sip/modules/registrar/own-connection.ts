/**
 * Telephones that are reached over the connection that they registered over: those behind a NAT, whose contact names an address of
 * their own network. The binding's `received` says where the connection came from, as for SER's nathelper; it leads there while the
 * connection stands.
 */
import { word } from '../../message/chars.ts';
import { bareHost, parseUri, type SipUri, uriParam } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { isNowhere } from '../../transport/connection-names.ts';
import { hostPort, transportParameter } from '../../transport/point.ts';
import type { Protocol, Transport } from '../../transport/types.ts';

const TRANSPORT = word('transport');

/** null: the contact leads there itself, or somebody stands between us and the telephone. */
export function receivedOver({ message, source }: Run, contact: SipUri, path: string | null): string | null {
  if (source.connection === undefined || path !== null || message.viaCount !== 1) return null;
  // These two the connection goes by itself (connection-names.ts).
  if (bareHost(contact.host) === source.address || isNowhere(contact.host)) return null;
  if (uriParam(contact, TRANSPORT) === undefined && contact.scheme !== 'sips') return null;
  return `sip:${hostPort(source.address, source.port)}${transportParameter(source.point)}`;
}

/** A `received` of UDP always leads on; the others must have a connection. */
export function leadsOn(received: string, transport: Transport): boolean {
  const uri = parseUri(received);
  const protocol = uri && uriParam(uri, TRANSPORT)?.toLowerCase();
  if (uri === undefined || protocol === undefined || protocol === 'udp') return true;
  return transport.connectionTo(protocol as Protocol, bareHost(uri.host), uri.port) !== undefined;
}
