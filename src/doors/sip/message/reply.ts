/**
 * A response of our own to a request, and where it goes.
 *
 * The topmost Via says it: `received` and `rport` are set from the packet's source (RFC 3261 section 18.2.1, RFC 3581). maddr is
 * ignored on purpose: it would let a forged packet send our answers to a third party.
 * Source: RFC 3261 sections 8.2.6, 12.1.1 and 18.2.2. Anything from outside is cleaned of line ends here.
 */
import type { Source, Target } from '../transport/types.ts';
import { Header } from './header-names.ts';
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
  /** Absent: none. */
  readonly body?: string;
}

const DEFAULT_PORT = 5060;
const DEFAULT_TLS_PORT = 5061;

/** Kinds of headers as bits. */
const VIA = 1 << Header.via;
/** Of a request that has several of them, which is a fault, the first. */
const ONCE = (1 << Header.from) | (1 << Header.to) | (1 << Header.callId) | (1 << Header.cseq);

/** The whole response: what it repeats of the request stands as it came, in as few slices as possible. */
export function buildReply(reply: Reply): string {
  const { request, status } = reply;
  const tag = toTag(reply);
  const top = request.indexOf(Header.via);
  let wanted = VIA | ONCE;
  if (status > 100 && status < 300 && formsDialog(request.method)) wanted |= 1 << Header.recordRoute;
  if (status === 100) wanted |= 1 << Header.timestamp;
  let text = `SIP/2.0 ${status} ${cleanValue(reply.reason)}\r\n`;
  let from = 0;
  let to = 0;
  for (let index = 0; index < request.headerCount; index++) {
    const id = request.idAt(index);
    if ((wanted & (1 << id)) === 0) continue;
    wanted &= ~((1 << id) & ONCE);
    const start = request.lineStart(index);
    if (start !== to || index === top) {
      text += request.text.slice(from, to);
      from = start;
    }
    to = request.lineEnd(index);
    if (index === top) {
      text += topViaLine(request, top, reply.source, reply.forceRport);
      from = to;
    } else if (id === Header.to && tag !== '') {
      const end = request.valueEnd(index);
      text += request.text.slice(from, end) + tag;
      from = end;
    }
  }
  text += request.text.slice(from, to);
  if (reply.server !== '') text += `Server: ${cleanValue(reply.server)}\r\n`;
  // A fault, which is answered; peers could take what follows it for a line of ours.
  if (request.hasBareCr) text = text.replace(/\r(?!\n)/g, ' ');
  const { body = '' } = reply;
  return `${text}${cleanHeaders(reply.headers)}Content-Length: ${body.length}\r\n\r\n${body}`;
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
