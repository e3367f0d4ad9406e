/**
 * The keys under which transactions are found (RFC 3261 sections 17.1.3 and 17.2.3).
 *
 * Requests whose branch lacks the cookie are matched as RFC 2543 did, by Request-URI, From tag, Call-ID, CSeq number and topmost Via; the
 * To tag is left out, because the INVITE lacks the one that its ACK has.
 */
import type { SipMessage } from '../message/message.ts';
import { MAGIC_COOKIE } from './branches.ts';

/** Undefined: the message has no usable Via or CSeq. `method`: of the transaction looked for (an ACK looks for its INVITE). */
export function serverKey(request: SipMessage, method: string): string | undefined {
  const via = request.via;
  if (via === undefined) return undefined;
  const sentBy = `${via.host}:${via.port}`;
  if (via.branch.startsWith(MAGIC_COOKIE)) return `${method} ${sentBy} ${via.branch}`;
  const cseq = request.cseq;
  if (cseq === undefined) return undefined;
  return `${method} ${sentBy} ${via.branch} ${request.uri} ${request.fromTag} ${request.callId} ${cseq.number}`;
}

export function clientKey(method: string, branch: string): string {
  return `${method} ${branch}`;
}
