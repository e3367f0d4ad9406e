/**
 * The requests that the transaction layer makes from a request it has sent: the CANCEL of an INVITE (RFC 3261 section 9.1) and the
 * ACK of its non-2xx final response (section 17.1.1.3). Both have its Request-URI, topmost Via, Route, From, Call-ID and CSeq number.
 *
 * Our Via must stand on a line of its own.
 */
import { Header } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';

const MAX_FORWARDS = 70;

export function buildCancel(request: SipMessage): string {
  return derive(request, 'CANCEL', firstLine(request, Header.to));
}

/** Its To is the response's, tag and all. */
export function buildAck(request: SipMessage, response: SipMessage): string {
  return derive(request, 'ACK', firstLine(response, Header.to));
}

function derive(request: SipMessage, method: string, to: string): string {
  let text = `${method} ${request.uri} SIP/2.0\r\n${firstLine(request, Header.via)}Max-Forwards: ${MAX_FORWARDS}\r\n`;
  for (let i = request.indexOf(Header.route); i >= 0; i = request.indexOf(Header.route, i + 1))
    text += request.lineAt(i);
  text += firstLine(request, Header.from) + to + firstLine(request, Header.callId);
  return `${text}CSeq: ${request.cseq?.number ?? 0} ${method}\r\nContent-Length: 0\r\n\r\n`;
}

function firstLine(message: SipMessage, id: number): string {
  const index = message.indexOf(id);
  return index < 0 ? '' : message.lineAt(index);
}
