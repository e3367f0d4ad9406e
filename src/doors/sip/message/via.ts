/**
 * One value of a Via header, with the places where `received` and `rport` stand or shall stand.
 *
 * Source: RFC 3261 sections 18.2.1, 20.42 and 25.1, RFC 3581. A parameter without a name (`;;`) breaks the value.
 */
import { BARE, DIGIT, decimal, equalsWord, is, quotedEnd, SPACE, skip, TOKEN } from './chars.ts';
import { hostEnd } from './uri.ts';

export interface Via {
  /** UDP, TCP, TLS, WS, WSS or another token, in upper case if written so. */
  readonly protocol: string;
  /** As written; IPv6 in its brackets. */
  readonly host: string;
  /** 0: none given. */
  readonly port: number;
  /** '' = none. */
  readonly branch: string;
  readonly received: string | undefined;
  /** undefined: no rport; 0: rport without a value. */
  readonly rport: number | undefined;
  readonly maddr: string | undefined;
  /** Where in the text parsed this value ends: at the comma behind it or at the end. */
  readonly end: number;
  /** Where `received` and `rport` stand, from their `;` to their end; equal numbers: nowhere. */
  readonly receivedStart: number;
  readonly receivedEnd: number;
  readonly rportStart: number;
  readonly rportEnd: number;
}

/** Reads the Via value that begins at `start`. Undefined when it is broken. */
export function parseVia(text: string, start = 0, end = text.length): Via | undefined {
  let at = protocolEnd(text, start, end);
  if (at < 0) return undefined;
  const protocolStart = skip(text, at, end, SPACE);
  at = skip(text, protocolStart, end, TOKEN);
  const hostStart = skip(text, at, end, SPACE);
  if (at === protocolStart || hostStart === at) return undefined;
  const protocol = text.slice(protocolStart, at);
  at = hostEnd(text, hostStart, end);
  if (at < 0) return undefined;
  const host = text.slice(hostStart, at);
  at = skip(text, at, end, SPACE);
  let port = 0;
  if (at < end && text.charCodeAt(at) === 58) {
    const digits = skip(text, at + 1, end, SPACE);
    at = skip(text, digits, end, DIGIT);
    port = decimal(text, digits, at, 65535);
    if (port <= 0) return undefined;
    at = skip(text, at, end, SPACE);
  }
  let branch = '';
  let received: string | undefined;
  let rport: number | undefined;
  let maddr: string | undefined;
  let receivedStart = 0;
  let receivedEnd = 0;
  let rportStart = 0;
  let rportEnd = 0;
  while (at < end) {
    const semicolon = at;
    const code = text.charCodeAt(at);
    if (code === 44) break;
    if (code !== 59) return undefined;
    const name = skip(text, at + 1, end, SPACE);
    const nameEnd = skip(text, name, end, TOKEN);
    if (nameEnd === name) return undefined;
    let value = nameEnd;
    let valueEnd = nameEnd;
    at = skip(text, nameEnd, end, SPACE);
    if (at < end && text.charCodeAt(at) === 61) {
      value = skip(text, at + 1, end, SPACE);
      valueEnd = text.charCodeAt(value) === 34 ? quotedEnd(text, value, end) : skip(text, value, end, BARE);
      if (valueEnd <= value) return undefined;
      at = skip(text, valueEnd, end, SPACE);
    }
    switch (nameEnd - name) {
      case 5:
        if (equalsWord(text, name, nameEnd, 'rport')) {
          rport = value === valueEnd ? 0 : decimal(text, value, valueEnd, 65535);
          if (rport < 0) return undefined;
          rportStart = semicolon;
          rportEnd = valueEnd;
        } else if (equalsWord(text, name, nameEnd, 'maddr')) maddr = text.slice(value, valueEnd);
        break;
      case 6:
        if (equalsWord(text, name, nameEnd, 'branch')) branch = text.slice(value, valueEnd);
        break;
      case 8:
        if (equalsWord(text, name, nameEnd, 'received')) {
          received = text.slice(value, valueEnd);
          receivedStart = semicolon;
          receivedEnd = valueEnd;
        }
    }
  }
  return {
    protocol,
    host,
    port,
    branch,
    received,
    rport,
    maddr,
    end: at,
    receivedStart,
    receivedEnd,
    rportStart,
    rportEnd,
  };
}

/** Position behind `SIP/2.0/`, which may hold white space and be in any case; -1 when something else stands there. */
function protocolEnd(text: string, start: number, end: number): number {
  if (text.startsWith('SIP/2.0/', start)) return start + 8;
  let at = skip(text, start, end, SPACE);
  if (!equalsWord(text, at, at + 3, 'sip')) return -1;
  at = skip(text, at + 3, end, SPACE);
  if (text.charCodeAt(at) !== 47) return -1;
  at = skip(text, at + 1, end, SPACE);
  if (!text.startsWith('2.0', at)) return -1;
  at = skip(text, at + 3, end, SPACE);
  return text.charCodeAt(at) === 47 && is(text.charCodeAt(skip(text, at + 1, end, SPACE)), TOKEN) ? at + 1 : -1;
}
