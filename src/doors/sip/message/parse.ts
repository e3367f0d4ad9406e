/**
 * From the text of one datagram, or of one framed message, to a SipMessage: one scan that notes where the header lines stand.
 *
 * Bounds: 256 header lines; more, or a line that is no header, is a fault that the message remembers. Time is linear in the
 * length. Folded lines and bare LF as line end are brought into canonical form first (a copy, off the usual path).
 * Source: RFC 3261 section 7.3.1; section 7.5 for CRLFs before the start line.
 */
import { is, SPACE, skip, TOKEN } from './chars.ts';
import { headerIdAt } from './header-names.ts';
import { type Fault, type HeaderIndex, SipMessage, STRIDE } from './message.ts';
import { parseStartLine } from './start-line.ts';

export const MAX_HEADER_LINES = 256;

/** The index under work; a copy of its used part is quicker than an array that grows. */
const scratch: number[] = new Array(MAX_HEADER_LINES * STRIDE).fill(0);

/** Undefined: not recognisably SIP, no first line that names a SIP version. */
export function parseMessage(raw: string): SipMessage | undefined {
  const start = firstLine(raw);
  const lineFeed = raw.indexOf('\n', start);
  const lineEnd = lineFeed < 0 ? raw.length : raw.charCodeAt(lineFeed - 1) === 13 ? lineFeed - 1 : lineFeed;
  const startLine = parseStartLine(raw, start, lineEnd);
  if (startLine === undefined) return undefined;
  const headers = scanHeaders(raw, lineFeed < 0 ? raw.length : lineFeed + 1) ?? scanCanonical(raw, lineFeed);
  return new SipMessage(raw, startLine, headers);
}

function firstLine(text: string): number {
  let start = 0;
  for (let code = text.charCodeAt(0); code === 13 || code === 10; code = text.charCodeAt(start)) start++;
  return start;
}

/** Undefined: a line is folded, ends without CR, or the empty line is missing. */
function scanHeaders(text: string, start: number, canonical = false): HeaderIndex | undefined {
  let used = 0;
  let fault: Fault | undefined;
  let at = start;
  for (let number = 1; ; number++) {
    const lineFeed = text.indexOf('\n', at);
    if (lineFeed < 0 || text.charCodeAt(lineFeed - 1) !== 13) return undefined;
    if (lineFeed === at + 1) return { text, lines: scratch.slice(0, used), bodyStart: lineFeed + 1, fault };
    if (is(text.charCodeAt(at), SPACE) && !canonical) return undefined;
    if (number > MAX_HEADER_LINES) {
      const reason = 'Too Many Header Lines';
      return { text, lines: scratch.slice(0, used), bodyStart: text.length, fault: { status: 400, reason } };
    }
    const nameEnd = skip(text, at, lineFeed, TOKEN);
    if (nameEnd > at && text.charCodeAt(skip(text, nameEnd, lineFeed, SPACE)) === 58) {
      scratch[used] = headerIdAt(text, at, nameEnd);
      scratch[used + 1] = at;
      scratch[used + 2] = nameEnd;
      scratch[used + 3] = lineFeed + 1;
      used += STRIDE;
    } else fault ??= { status: 400, reason: `Malformed Header Line ${number}` };
    at = lineFeed + 1;
  }
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
    const end = stop > at && raw.charCodeAt(stop - 1) === 13 ? stop - 1 : stop;
    ended = end === at;
    if (!ended) {
      const folded = is(raw.charCodeAt(at), SPACE) && text !== '';
      if (folded) text += ` ${raw.slice(skip(raw, at, end, SPACE), end)}`;
      else text += `${text === '' ? '' : '\r\n'}${raw.slice(at, end)}`;
    }
    at = lineFeed < 0 ? raw.length : lineFeed + 1;
  }
  text = `${head}${text}${text === '' ? '' : '\r\n'}\r\n${raw.slice(at)}`;
  const headers = scanHeaders(text, head.length, true);
  if (headers === undefined) throw new Error('canonical text was not canonical');
  return ended ? headers : { ...headers, fault: headers.fault ?? { status: 400, reason: 'Headers Without End' } };
}
