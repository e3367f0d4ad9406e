/**
 * From the text of one datagram, or of one framed message, to a SipMessage: one pass that notes where the header lines stand.
 *
 * Bounds: 256 header lines; more, or a line that is no header, is a fault that the message remembers. Time is linear in the
 * length. Folded lines and bare LF as line end are brought into canonical form first (a copy, off the usual path).
 * Source: RFC 3261 section 7.3.1; section 7.5 for CRLFs before the start line.
 */
import { bytes, controlAt, lookAt } from './bytes.ts';
import { isAt, SPACE, skip, TOKEN, trimEnd } from './chars.ts';
import { headerIdAt } from './header-names.ts';
import { type Fault, type HeaderIndex, SipMessage, STRIDE } from './message.ts';
import { parseStartLine } from './start-line.ts';

export const MAX_HEADER_LINES = 256;

const LF = 10;
const CR = 13;

const TOO_LARGE: Fault = { status: 400, reason: 'Headers Too Large' };

/** The index under work; a copy of its used part is quicker than an array that grows. */
const scratch: number[] = new Array(MAX_HEADER_LINES * STRIDE).fill(0);

/** Undefined: not recognisably SIP, no first line that names a SIP version. */
export function parseMessage(raw: string): SipMessage | undefined {
  lookAt(raw);
  const start = firstLine();
  const lineFeed = raw.indexOf('\n', start);
  const lineEnd = lineFeed < 0 ? raw.length : bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
  const startLine = parseStartLine(raw, start, lineEnd);
  if (startLine === undefined) return undefined;
  const headers = scanHeaders(raw, lineFeed < 0 ? raw.length : lineFeed + 1) ?? scanCanonical(raw, lineFeed);
  return new SipMessage(raw, startLine, headers);
}

function firstLine(): number {
  let start = 0;
  while (bytes[start] === CR || bytes[start] === LF) start++;
  return start;
}

/** Undefined: a line is folded, ends without CR, or the empty line is missing. */
function scanHeaders(text: string, start: number, canonical = false): HeaderIndex | undefined {
  const end = lookAt(text);
  let used = 0;
  let kinds = 0;
  let bareCr = false;
  let fault: Fault | undefined;
  let at = start;
  for (let number = 1; ; number++) {
    if (bytes[at] === CR && bytes[at + 1] === LF) break;
    if (isAt(at, SPACE) && !canonical) return undefined;
    if (number > MAX_HEADER_LINES) {
      fault = { status: 400, reason: 'Too Many Header Lines' };
      return { text, lines: scratch.slice(0, used), kinds, bodyStart: end, bareCr, fault };
    }
    const nameEnd = skip(at, end, TOKEN);
    const colon = skip(nameEnd, end, SPACE);
    let stop = controlAt(colon);
    for (; bytes[stop] !== CR || bytes[stop + 1] !== LF; stop = controlAt(stop + 1)) {
      if (stop >= end || bytes[stop] === LF) return undefined;
      if (bytes[stop] === CR) bareCr = true;
    }
    if (nameEnd > at && bytes[colon] === 58) {
      const id = headerIdAt(at, nameEnd);
      const valueStart = skip(colon + 1, stop, SPACE);
      kinds |= 1 << id;
      scratch[used] = id;
      scratch[used + 1] = at;
      scratch[used + 2] = valueStart;
      scratch[used + 3] = trimEnd(valueStart, stop);
      used += STRIDE;
    } else fault ??= { status: 400, reason: `Malformed Header Line ${number}` };
    at = stop + 2;
  }
  return { text, lines: scratch.slice(0, used), kinds, bodyStart: at + 2, bareCr, fault };
}

/** The same for a text that is not in canonical form. */
function scanCanonical(raw: string, startLineFeed: number): HeaderIndex {
  const head = raw.slice(0, startLineFeed < 0 ? raw.length : startLineFeed + 1);
  let text = '';
  let at = head.length;
  let ended = false;
  while (at < raw.length && !ended) {
    const lineFeed = raw.indexOf('\n', at);
    const stop = lineFeed < 0 ? raw.length : lineFeed;
    const end = stop > at && raw.charCodeAt(stop - 1) === CR ? stop - 1 : stop;
    ended = end === at;
    if (!ended) {
      const folded = isAt(at, SPACE) && text !== '';
      if (folded) text += ` ${raw.slice(skip(at, end, SPACE), end)}`;
      else text += `${text === '' ? '' : '\r\n'}${raw.slice(at, end)}`;
    }
    at = lineFeed < 0 ? raw.length : lineFeed + 1;
  }
  text = `${head}${text}${text === '' ? '' : '\r\n'}\r\n${raw.slice(at)}`;
  const headers = scanHeaders(text, head.length, true);
  if (headers === undefined)
    return { text, lines: [], kinds: 0, bodyStart: text.length, bareCr: false, fault: TOO_LARGE };
  return ended ? headers : { ...headers, fault: headers.fault ?? { status: 400, reason: 'Headers Without End' } };
}
