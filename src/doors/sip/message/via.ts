/**
 * One value of a Via header, with the places where `received` and `rport` stand or shall stand.
 *
 * Source: RFC 3261 sections 18.2.1, 20.42 and 25.1, RFC 3581. A parameter without a name (`;;`) breaks the value; where it is known all
 * the same whom it names, a 400 can be sent (RFC 4475 section 3.1.2.1).
 */
import { bytes, lookAt } from './bytes.ts';
import { BARE, DIGIT, decimal, isAt, isWord, quotedEnd, SPACE, skip, TOKEN, word } from './chars.ts';
import { hostEnd, hostText } from './uri.ts';

export interface Via {
  /** Lower case; IPv6 in its brackets. */
  readonly host: string;
  /** 0: none given. */
  readonly port: number;
  /** '' = none. */
  readonly branch: string;
  /** undefined: no rport; 0: rport without a value. */
  readonly rport: number | undefined;
  /** Where in the text parsed this value ends: at the comma behind it or at the end. */
  readonly end: number;
  /** Where `received` and `rport` stand, from their `;` to their end; equal numbers: nowhere. */
  readonly receivedStart: number;
  readonly receivedEnd: number;
  readonly rportStart: number;
  readonly rportEnd: number;
  /** The parameters cannot be read; only host and port hold. */
  readonly broken: boolean;
}

const SIP = word('sip');
const RPORT = word('rport');
const BRANCH = word('branch');
const RECEIVED = word('received');

/** Reads the Via value that begins at `start`. Undefined when it is broken; `lenient`: when even host and port are. */
export function parseVia(text: string, start = 0, end = text.length, lenient = false): Via | undefined {
  lookAt(text);
  let at = protocolEnd(text, start, end);
  if (at < 0) return undefined;
  const protocolStart = skip(at, end, SPACE);
  at = skip(protocolStart, end, TOKEN);
  const hostStart = skip(at, end, SPACE);
  if (at === protocolStart || hostStart === at) return undefined;
  at = hostEnd(hostStart, end);
  if (at < 0) return undefined;
  const host = hostText(text, hostStart, at);
  at = skip(at, end, SPACE);
  let port = 0;
  if (at < end && bytes[at] === 58) {
    const digits = skip(at + 1, end, SPACE);
    at = skip(digits, end, DIGIT);
    port = decimal(digits, at, 65535);
    if (port <= 0) return undefined;
    at = skip(at, end, SPACE);
  }
  let branch = '';
  let rport: number | undefined;
  let receivedStart = 0;
  let receivedEnd = 0;
  let rportStart = 0;
  let rportEnd = 0;
  while (at < end) {
    const semicolon = at;
    if (bytes[at] === 44) break;
    if (bytes[at] !== 59) return lenient ? brokenVia(host, port, end) : undefined;
    const name = skip(at + 1, end, SPACE);
    const nameEnd = skip(name, end, TOKEN);
    if (nameEnd === name) return lenient ? brokenVia(host, port, end) : undefined;
    let value = nameEnd;
    let valueEnd = nameEnd;
    at = skip(nameEnd, end, SPACE);
    if (at < end && bytes[at] === 61) {
      value = skip(at + 1, end, SPACE);
      valueEnd = bytes[value] === 34 ? quotedEnd(value, end) : skip(value, end, BARE);
      if (valueEnd <= value) return lenient ? brokenVia(host, port, end) : undefined;
      at = skip(valueEnd, end, SPACE);
    }
    switch (nameEnd - name) {
      case 5:
        if (isWord(name, nameEnd, RPORT)) {
          rport = value === valueEnd ? 0 : decimal(value, valueEnd, 65535);
          if (rport < 0) return lenient ? brokenVia(host, port, end) : undefined;
          rportStart = semicolon;
          rportEnd = valueEnd;
        }
        break;
      case 6:
        if (isWord(name, nameEnd, BRANCH)) branch = text.slice(value, valueEnd);
        break;
      case 8:
        if (isWord(name, nameEnd, RECEIVED)) {
          receivedStart = semicolon;
          receivedEnd = valueEnd;
        }
    }
  }
  return {
    host,
    port,
    branch,
    rport,
    end: at,
    receivedStart,
    receivedEnd,
    rportStart,
    rportEnd,
    broken: false,
  };
}

function brokenVia(host: string, port: number, end: number): Via {
  const places = { receivedStart: 0, receivedEnd: 0, rportStart: 0, rportEnd: 0 };
  return { host, port, branch: '', rport: undefined, end, ...places, broken: true };
}

/** Position behind `SIP/2.0/`, which may hold white space and be in any case; -1 when something else stands there. */
function protocolEnd(text: string, start: number, end: number): number {
  if (text.startsWith('SIP/2.0/', start)) return start + 8;
  let at = skip(start, end, SPACE);
  if (!isWord(at, at + 3, SIP)) return -1;
  at = skip(at + 3, end, SPACE);
  if (bytes[at] !== 47) return -1;
  at = skip(at + 1, end, SPACE);
  if (!text.startsWith('2.0', at)) return -1;
  at = skip(at + 3, end, SPACE);
  return bytes[at] === 47 && isAt(skip(at + 1, end, SPACE), TOKEN) ? at + 1 : -1;
}
