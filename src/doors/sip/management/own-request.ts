/**
 * The text of a request of our own, made from what a command gives, and of the ACK to its 2xx.
 *
 * Source: RFC 3261 sections 8.1.1, 12.1.2 and 13.2.2.4. All texts are latin1. Errors: RequestRefused.
 */
import { randomBytes } from 'node:crypto';
import { findFault } from '../message/faults.ts';
import { viaLine } from '../message/forward.ts';
import { Header, headerId } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';
import { parseMessage } from '../message/parse.ts';
import type { ListenPoint } from '../transport/types.ts';

/** What stands in the reply to whoever gave the command. */
export class RequestRefused extends Error {
  readonly status: number;

  constructor(reason: string, status = 400) {
    super(reason);
    this.status = status;
  }
}

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly nextHop: string | undefined;
  /** Name of the socket to send from, `udp:192.0.2.1:5060`. */
  readonly socket: string | undefined;
  /** Header lines, ended by CRLF or LF. */
  readonly headers: string;
  readonly body: string;
}

const MAX_FORWARDS = 70;
/** What we say ourselves. */
const OURS: ReadonlySet<number> = new Set([Header.via, Header.maxForwards, Header.contentLength]);

/** All of it below the Via, which depends on where it goes; parsed, so that it is known to be good. */
export function ownRequest(parts: RequestParts, address: string): SipMessage {
  const { method, uri, body } = parts;
  if (!/^[A-Z][A-Z0-9_-]{0,31}$/.test(method)) throw new RequestRefused('Bad Method');
  if (method === 'ACK' || method === 'CANCEL') throw new RequestRefused(`${method} cannot be sent by itself`);
  if (!/^[\x21-\x7e]{1,1024}$/.test(uri)) throw new RequestRefused('Bad Request-URI');
  const lines: string[] = [];
  const found = new Set<number>();
  for (const line of parts.headers.split(/\r?\n/)) {
    if (line === '') continue;
    const name = /^([A-Za-z0-9.!%*_+`'~-]+)[ \t]*:/.exec(line)?.[1];
    if (name === undefined) throw new RequestRefused(`Bad header line: ${line.slice(0, 80)}`);
    const id = headerId(name);
    if (OURS.has(id)) continue;
    found.add(id);
    const text = line.replaceAll('!!', address);
    lines.push(id === Header.from && !/;[ \t]*tag[ \t]*=/i.test(text) ? `${text};tag=${token()}` : text);
  }
  if (!found.has(Header.from)) throw new RequestRefused('Missing From Header');
  if (!found.has(Header.to)) throw new RequestRefused('Missing To Header');
  if (!found.has(Header.callId)) lines.push(`Call-ID: ${token()}`);
  if (!found.has(Header.cseq)) lines.push(`CSeq: 1 ${method}`);
  if (!found.has(Header.userAgent)) lines.push('User-Agent: Gatehouse');
  const head = `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${address};branch=z9hG4bK0\r\nMax-Forwards: ${MAX_FORWARDS}\r\n`;
  const message = parseMessage(`${head}${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const fault = message === undefined ? { reason: 'Bad Request' } : findFault(message);
  if (fault) throw new RequestRefused(fault.reason);
  return message!;
}

/** As it goes over the wire, our Via in it. */
export function withVia(request: SipMessage, point: ListenPoint, branch: string): string {
  const via = request.indexOf(Header.via);
  const rest = request.text.slice(request.lineEnd(via));
  return `${request.method} ${request.uri} SIP/2.0\r\n${viaLine(point, branch)}${rest}`;
}

/** To a 2xx: a request of its own, to the remote target along the route set. */
export function ackTo(request: SipMessage, response: SipMessage, point: ListenPoint, branch: string): string {
  const line = (message: SipMessage, id: number) => message.lineAt(message.indexOf(id));
  const routes = routeSet(response);
  return (
    `ACK ${remoteTarget(response) ?? request.uri} SIP/2.0\r\n${viaLine(point, branch)}Max-Forwards: ${MAX_FORWARDS}\r\n` +
    (routes === '' ? '' : `Route: ${routes}\r\n`) +
    line(request, Header.from) +
    line(response, Header.to) +
    line(request, Header.callId) +
    `CSeq: ${request.cseq?.number ?? 1} ACK\r\nContent-Length: 0\r\n\r\n`
  );
}

/** URI of the first Contact. */
export function remoteTarget(response: SipMessage): string | undefined {
  return response.contacts?.[0]?.uri;
}

/** The Record-Routes backwards, as a Route header's value; '' = none. */
export function routeSet(response: SipMessage): string {
  const values: string[] = [];
  for (let at = response.indexOf(Header.recordRoute); at >= 0; at = response.indexOf(Header.recordRoute, at + 1))
    values.push(...(response.valueAt(at).match(/<[^>]*>[^,]*/g) ?? []).map((value) => value.trim()));
  return values.reverse().join(', ');
}

function token(): string {
  return randomBytes(12).toString('hex');
}
