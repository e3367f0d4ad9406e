/**
 * A response of our own to a request, and where it goes.
 *
 * The topmost Via says it: `received` and `rport` are set from the packet's source (RFC 3261 section 18.2.1, RFC 3581). maddr is
 * ignored on purpose: it would let a forged packet send our answers to a third party.
 * Source: RFC 3261 sections 8.2.6, 12.1.1 and 18.2.2. Anything from outside is cleaned of line ends here.
 */
import type { Source, Target } from '../transport/types.ts';
import { Header, type HeaderId } from './header-names.ts';
import { cleanHeaders, cleanValue } from './header-text.ts';
import type { SipMessage } from './message.ts';
import { topViaLine } from './via-line.ts';

export interface Reply {
  /** One that `canReply` allows. */
  readonly request: SipMessage;
  readonly source: Source;
  readonly status: number;
  readonly reason: string;
  /** Whole lines with CRLF, or ''. */
  readonly headers: string;
  /** Set where To has no tag; '' = none. */
  readonly toTag: string;
  /** Answer to the source port although the request has no rport. */
  readonly forceRport: boolean;
  /** Value of the Server header; '' = none. */
  readonly server: string;
}

const DEFAULT_PORT = 5060;
const DEFAULT_TLS_PORT = 5061;

/** The whole response. */
export function buildReply(reply: Reply): string {
  const { request, status } = reply;
  const top = request.indexOf(Header.via);
  let text = `SIP/2.0 ${status} ${cleanValue(reply.reason)}\r\n`;
  text += topViaLine(request, top, reply.source, reply.forceRport);
  text += copies(request, Header.via, top + 1);
  if (status > 100 && status < 300 && formsDialog(request.method)) text += copies(request, Header.recordRoute, 0);
  if (status === 100) text += copies(request, Header.timestamp, 0);
  text += `From: ${request.value(Header.from)}\r\n`;
  text += `To: ${request.value(Header.to)}${toTag(reply)}\r\n`;
  text += `Call-ID: ${request.callId}\r\nCSeq: ${request.value(Header.cseq)}\r\n`;
  if (reply.server !== '') text += `Server: ${cleanValue(reply.server)}\r\n`;
  return `${text}${cleanHeaders(reply.headers)}Content-Length: 0\r\n\r\n`;
}

/** Where responses to a request go: back over its connection, or to its source address. */
export function replyTarget(request: SipMessage, source: Source, forceRport: boolean): Target {
  const { point, address, connection } = source;
  const via = request.via;
  const symmetric = point.protocol === 'udp' && (forceRport || via?.rport !== undefined);
  const port = symmetric ? source.port : via?.port || (point.protocol === 'tls' ? DEFAULT_TLS_PORT : DEFAULT_PORT);
  return { protocol: point.protocol, address, port, point, connection };
}

function toTag(reply: Reply): string {
  return reply.toTag === '' || reply.request.toTag !== '' ? '' : `;tag=${cleanValue(reply.toTag)}`;
}

function formsDialog(method: string): boolean {
  return method === 'INVITE' || method === 'SUBSCRIBE' || method === 'REFER' || method === 'NOTIFY';
}

function copies(request: SipMessage, id: HeaderId, from: number): string {
  let lines = '';
  for (let i = request.indexOf(id, from); i >= 0; i = request.indexOf(id, i + 1)) lines += request.lineAt(i);
  return lines;
}
