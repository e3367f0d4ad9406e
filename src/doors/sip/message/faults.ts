/**
 * What makes a message impossible to process, named so that a 400 can say it, and whether it can be answered at all.
 *
 * Source: RFC 3261 sections 8.1.1, 8.2, 16.3 and 18.3; RFC 4475. What only one method or module needs (Expires, Event, Date,
 * Require) is theirs to judge.
 */
import { Header } from './header-names.ts';
import type { Fault, SipMessage } from './message.ts';

export type { Fault } from './message.ts';

const bad = (reason: string, status = 400): Fault => Object.freeze({ status, reason });

/** Headers that must be there once; Via may be there often. */
const REQUIRED = [
  { id: Header.via, missing: bad('Missing Via Header'), multiple: undefined },
  { id: Header.from, missing: bad('Missing From Header'), multiple: bad('Multiple From Headers') },
  { id: Header.to, missing: bad('Missing To Header'), multiple: bad('Multiple To Headers') },
  { id: Header.callId, missing: bad('Missing Call-ID Header'), multiple: bad('Multiple Call-ID Headers') },
  { id: Header.cseq, missing: bad('Missing CSeq Header'), multiple: bad('Multiple CSeq Headers') },
] as const;

const NUL = bad('NUL In Header');
const BARE_CR = bad('Bare CR In Header');
const BAD_VIA = bad('Bad Via Header');
const BAD_FROM = bad('Bad From Header');
const BAD_TO = bad('Bad To Header');
const BAD_CALL_ID = bad('Bad Call-ID Header');
const BAD_CSEQ = bad('Bad CSeq Header');
const CSEQ_METHOD = bad('CSeq Method Does Not Match');
const BAD_REQUEST_URI = bad('Bad Request-URI');
const UNKNOWN_SCHEME = bad('Unsupported URI Scheme', 416);
const BAD_MAX_FORWARDS = bad('Bad Max-Forwards Header');
const MANY_MAX_FORWARDS = bad('Multiple Max-Forwards Headers');
const BAD_LENGTH = bad('Bad Content-Length Header');
const MANY_LENGTHS = bad('Multiple Content-Length Headers');
const SHORT_BODY = bad('Content-Length Exceeds Message');
const BAD_CONTACT = bad('Bad Contact Header');

/** The first fault of the message, in the order of its parts; undefined when it can be processed. */
export function findFault(message: SipMessage): Fault | undefined {
  return (
    message.formFault ??
    (message.isRequest ? requestUriFault(message) : undefined) ??
    characterFault(message) ??
    presenceFault(message) ??
    valueFault(message) ??
    lengthFault(message) ??
    (message.isRequest ? requestFault(message) : undefined)
  );
}

/**
 * Whether a reply can be built and would find its way: a request other than ACK whose topmost Via tells host and port and which has
 * From, To, Call-ID and CSeq. Their values may be wrong, since the reply only repeats them.
 */
export function canReply(message: SipMessage): boolean {
  if (!message.isRequest || message.method === 'ACK' || message.via === undefined) return false;
  for (let i = 0; i < REQUIRED.length; i++) {
    const index = message.indexOf(REQUIRED[i]!.id);
    if (index < 0 || message.valueStart(index) >= message.valueEnd(index)) return false;
  }
  return true;
}

function requestUriFault(message: SipMessage): Fault | undefined {
  const uri = message.requestUri;
  if (uri === undefined) return BAD_REQUEST_URI;
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips' && uri.scheme !== 'tel') return UNKNOWN_SCHEME;
  return uri.headers === '' ? undefined : BAD_REQUEST_URI;
}

/** NUL may stand in a quoted string, behind a backslash; a CR only before its LF: peers take it for a line end. */
function characterFault(message: SipMessage): Fault | undefined {
  const { text, bodyStart } = message;
  for (let at = text.indexOf('\0'); at >= 0 && at < bodyStart; at = text.indexOf('\0', at + 1)) {
    if (text.charCodeAt(at - 1) !== 92) return NUL;
  }
  return message.hasBareCr ? BARE_CR : undefined;
}

function presenceFault(message: SipMessage): Fault | undefined {
  for (let i = 0; i < REQUIRED.length; i++) {
    const header = REQUIRED[i]!;
    const index = message.indexOf(header.id);
    if (index < 0) return header.missing;
    if (header.multiple !== undefined && message.indexOf(header.id, index + 1) >= 0) return header.multiple;
  }
  return undefined;
}

function valueFault(message: SipMessage): Fault | undefined {
  if (message.via === undefined || message.via.broken) return BAD_VIA;
  if (message.from === undefined || isBroken(message.from.uri, message.fromUri)) return BAD_FROM;
  if (message.to === undefined || isBroken(message.to.uri, message.toUri)) return BAD_TO;
  if (message.callId === '' || message.callId.includes(' ')) return BAD_CALL_ID;
  if (message.cseq === undefined) return BAD_CSEQ;
  return undefined;
}

function isBroken(text: string, uri: unknown): boolean {
  return uri === undefined || text === '*';
}

function lengthFault(message: SipMessage): Fault | undefined {
  const length = message.contentLength;
  if (length === -1) return undefined;
  if (length < 0) return BAD_LENGTH;
  if (message.indexOf(Header.contentLength, message.indexOf(Header.contentLength) + 1) >= 0) return MANY_LENGTHS;
  return message.bodyStart + length > message.text.length ? SHORT_BODY : undefined;
}

function requestFault(message: SipMessage): Fault | undefined {
  if (message.cseq!.method !== message.method) return CSEQ_METHOD;
  const index = message.indexOf(Header.maxForwards);
  if (index >= 0) {
    if (message.numberAt(index, 255) < 0) return BAD_MAX_FORWARDS;
    if (message.indexOf(Header.maxForwards, index + 1) >= 0) return MANY_MAX_FORWARDS;
  }
  return message.contacts === undefined ? BAD_CONTACT : undefined;
}
