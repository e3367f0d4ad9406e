/**
 * What is offered for the sound of a call back, and what an answer to it says: one stream of G.711 with telephone events, and nothing else.
 *
 * An answer comes from outside: what is not a plain acceptance of the offer is undefined. Source: RFC 4566, RFC 3264 section 7, RFC 4733 section 7.1.1.
 */
import { isIP, isIPv6 } from 'node:net';
import type { Law } from './g711.ts';

/** RFC 3551 section 6. */
export const PAYLOAD_TYPES: Readonly<Record<Law, number>> = { pcmu: 0, pcma: 8 };
/** Of telephone events, as we offer it. */
export const EVENTS_OFFERED = 101;

/** Where the sound of the other side goes to and comes from. */
export interface Answered {
  readonly address: string;
  readonly port: number;
  readonly law: Law;
  /** Under which numbers keys may come; empty: by INFO alone. */
  readonly events: readonly number[];
}

const LONGEST = 8_192;
const MOST_LINES = 200;
/** Those below belong to services that no telephone is. */
const LOWEST_PORT = 1024;

export function offer(address: string, port: number, session: number): string {
  const place = `IN ${isIPv6(address) ? 'IP6' : 'IP4'} ${address}`;
  const lines = [
    'v=0',
    `o=gatehouse ${session} ${session} ${place}`,
    's=-',
    `c=${place}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${PAYLOAD_TYPES.pcmu} ${PAYLOAD_TYPES.pcma} ${EVENTS_OFFERED}`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    `a=rtpmap:${EVENTS_OFFERED} telephone-event/8000`,
    `a=fmtp:${EVENTS_OFFERED} 0-15`,
    'a=ptime:20',
    'a=sendrecv',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

export function readAnswer(text: string): Answered | undefined {
  if (text.length > LONGEST) return undefined;
  const lines = text.split(/\r?\n/, MOST_LINES);
  if (lines[0] !== 'v=0') return undefined;
  const first = lines.findIndex((line) => line.startsWith('m='));
  if (first < 0) return undefined;
  const behind = lines.slice(first + 1);
  const next = behind.findIndex((line) => line.startsWith('m='));
  const media = next < 0 ? behind : behind.slice(0, next);
  const [, portText, formats] = /^m=audio (\d{1,5})(?:\/1)? RTP\/AVP((?: \d{1,3})+)[ \t]*$/.exec(lines[first]!) ?? [];
  const port = Number(portText);
  const address = addressIn(media) ?? addressIn(lines.slice(0, first));
  if (formats === undefined || address === undefined || !(port >= LOWEST_PORT && port <= 65_535)) return undefined;
  const accepted = formats.trim().split(' ').map(Number);
  // In the order of whoever answered.
  const type = accepted.find((one) => one === PAYLOAD_TYPES.pcmu || one === PAYLOAD_TYPES.pcma);
  if (type === undefined) return undefined;
  const law = type === PAYLOAD_TYPES.pcmu ? 'pcmu' : 'pcma';
  const named = media
    .flatMap((line) => /^a=rtpmap:(\d{1,3}) telephone-event\/8000$/i.exec(line)?.[1] ?? [])
    .map(Number);
  const events = accepted.filter((one) => one >= 96 && one <= 127 && named.includes(one));
  // Who answers with another number may send under the one that was offered (RFC 3264 section 6.1).
  return { address, port, law, events: events.length > 0 ? [...new Set([...events, EVENTS_OFFERED])] : [] };
}

/** An address that one telephone can have. */
function addressIn(lines: readonly string[]): string | undefined {
  const line = lines.find((one) => one.startsWith('c='));
  const [, family, address] = /^c=IN IP([46]) ([0-9a-fA-F.:]{2,45})$/.exec(line ?? '') ?? [];
  if (address === undefined || String(isIP(address)) !== family) return undefined;
  return isForMany(address) ? undefined : address;
}

/** Nobody, a network, or a group. */
function isForMany(address: string): boolean {
  if (isIPv6(address)) return /^(ff|::$|::ffff:)/i.test(address) || /^[0:]+$/.test(address);
  const top = Number(address.slice(0, address.indexOf('.')));
  return top === 0 || top >= 224;
}
