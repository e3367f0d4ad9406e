/**
 * name-addr and addr-spec with their header parameters: From, To, Contact, Route, Record-Route, Path, Refer-To.
 *
 * Source: RFC 3261 sections 20 and 25.1. A `;` outside angle brackets begins the header's parameters; a URI that stands
 * without brackets must not hold `?`. Display names without quotes may hold more than tokens, since devices send that.
 */
import { bytes, lookAt } from './bytes.ts';
import { is, isWord, quotedEnd, SPACE, skip, trimEnd, URI, unquote } from './chars.ts';
import { schemeEnd } from './uri.ts';

/** One URI of a Route, Contact, From or To header, not yet taken apart. Positions are those of the text parsed. */
export interface NameAddr {
  /** As written, quotes included; empty: none. */
  readonly display: string;
  /** Between the angle brackets, or the bare addr-spec. */
  readonly uri: string;
  readonly uriStart: number;
  /** The header parameters, from the first `;` on; equal: none. */
  readonly paramsStart: number;
  readonly paramsEnd: number;
  /** Where this value ends: at the comma behind it or at the end. */
  readonly end: number;
}

/**
 * Reads one value that begins at `start`; it ends at a comma outside quotes and brackets. Undefined when it is broken.
 * `*`, as in a Contact that removes all, is a value whose uri is `*`.
 */
export function parseNameAddr(text: string, start = 0, end = text.length): NameAddr | undefined {
  lookAt(text);
  const at = skip(start, end, SPACE);
  let open = at;
  if (bytes[at] === 34) {
    open = quotedEnd(at, end);
    if (open < 0) return undefined;
    open = skip(open, end, SPACE);
    if (bytes[open] !== 60) return undefined;
  } else {
    open = displayEnd(at, end);
    if (open < 0) return undefined;
    if (open === end || bytes[open] !== 60) return parseBare(text, at, open, end);
  }
  const close = skip(open + 1, end, URI);
  if (close >= end || bytes[close] !== 62 || schemeEnd(open + 1, close) < 0) return undefined;
  const from = skip(close + 1, end, SPACE);
  const stop = paramsEnd(from, end);
  if (stop < 0) return undefined;
  const display = text.slice(at, trimEnd(at, open));
  const uri = text.slice(open + 1, close);
  return { display, uri, uriStart: open + 1, paramsStart: from, paramsEnd: trimEnd(from, stop), end: stop };
}

/** Values that are looked at in all the headers of one kind: far more than any telephone sends, and soon read. */
export const MAX_NAME_ADDRS = 128;

/** All values of a comma separated header; undefined when one is broken or the list is empty. */
export function parseNameAddrs(text: string, start = 0, end = text.length): NameAddr[] | undefined {
  const list: NameAddr[] = [];
  return addNameAddrs(list, text, start, end) && list.length > 0 ? list : undefined;
}

/** Appends the values of one header to the list; false: one is broken, or there are more than MAX_NAME_ADDRS. */
export function addNameAddrs(list: NameAddr[], text: string, start: number, end: number): boolean {
  for (let at = start; at <= end; ) {
    const one = parseNameAddr(text, at, end);
    if (one === undefined || list.length === MAX_NAME_ADDRS) return false;
    list.push(one);
    at = one.end + 1;
  }
  return true;
}

/** Value of a header parameter, unquoted: '' when it has none, undefined when it is absent. `text`: the one the address was read in. */
export function param(
  text: string,
  { paramsStart, paramsEnd: end }: Pick<NameAddr, 'paramsStart' | 'paramsEnd'>,
  name: Uint8Array,
): string | undefined {
  if (paramsStart === end) return undefined;
  lookAt(text);
  for (let at = paramsStart; at < end; ) {
    const start = skip(at + 1, end, SPACE);
    let nameEnd = start;
    while (nameEnd < end && bytes[nameEnd] !== 61 && bytes[nameEnd] !== 59) nameEnd++;
    let valueStart = nameEnd;
    let valueEnd = nameEnd;
    if (nameEnd < end && bytes[nameEnd] === 61) {
      valueStart = skip(nameEnd + 1, end, SPACE);
      valueEnd = valueStart;
      for (; valueEnd < end && bytes[valueEnd] !== 59; valueEnd++) {
        if (bytes[valueEnd] === 34) valueEnd = quotedEnd(valueEnd, end) - 1;
        if (valueEnd < 0) return undefined;
      }
    }
    at = valueEnd;
    if (!isWord(start, trimEnd(start, nameEnd), name)) continue;
    valueEnd = trimEnd(valueStart, valueEnd);
    const quoted = valueEnd - valueStart >= 2 && bytes[valueStart] === 34;
    return quoted ? unquote(text, valueStart, valueEnd) : text.slice(valueStart, valueEnd);
  }
  return undefined;
}

/** Where an unquoted display name or a bare URI ends: at `<`, `;`, `,` or the end; -1 at a quote or control character. */
function displayEnd(at: number, end: number): number {
  for (let p = at; p < end; p++) {
    const byte = bytes[p]!;
    if (byte === 60 || byte === 59 || byte === 44) return p;
    if (!is(byte, URI | SPACE)) return -1;
  }
  return end;
}

function parseBare(text: string, start: number, uriEnd: number, end: number): NameAddr | undefined {
  const stop = trimEnd(start, uriEnd);
  const uri = text.slice(start, stop);
  if (skip(start, stop, URI) < stop || uri.includes('?')) return undefined;
  if (uri !== '*' && schemeEnd(start, stop) < 0) return undefined;
  const last = paramsEnd(uriEnd, end);
  if (last < 0) return undefined;
  return { display: '', uri, uriStart: start, paramsStart: uriEnd, paramsEnd: trimEnd(uriEnd, last), end: last };
}

/** Where the parameters that may begin at `at` end: at a comma or the end; -1 when something else stands there. */
function paramsEnd(at: number, end: number): number {
  if (at === end || bytes[at] === 44) return at;
  if (bytes[at] !== 59) return -1;
  for (let p = at + 1; p < end; p++) {
    const byte = bytes[p]!;
    if (byte === 44) return p;
    if (byte === 34) {
      const close = quotedEnd(p, end);
      if (close < 0) return -1;
      p = close - 1;
    } else if (!is(byte, URI | SPACE)) return -1;
  }
  return end;
}
