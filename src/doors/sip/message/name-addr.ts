/**
 * name-addr and addr-spec with their header parameters: From, To, Contact, Route, Record-Route, Path, Refer-To.
 *
 * Source: RFC 3261 sections 20 and 25.1. A `;` outside angle brackets begins the header's parameters; a URI that stands
 * without brackets must not hold `?`. Display names without quotes may hold more than tokens, since devices send that.
 */
import { equalsWord, is, quotedEnd, SPACE, skip, trimEnd, URI, unquote } from './chars.ts';
import { schemeEnd } from './uri.ts';

/** One URI of a Route, Contact, From or To header, not yet taken apart. */
export interface NameAddr {
  /** As written, quotes included; empty: none. */
  readonly display: string;
  /** Between the angle brackets, or the bare addr-spec. */
  readonly uri: string;
  /** Header parameters as written, from the first `;` on; empty: none. */
  readonly params: string;
  /** Where in the text parsed this value ends: at the comma behind it or at the end. */
  readonly end: number;
}

/**
 * Reads one value that begins at `start`; it ends at a comma outside quotes and brackets. Undefined when it is broken.
 * `*`, as in a Contact that removes all, is a value whose uri is `*`.
 */
export function parseNameAddr(text: string, start = 0, end = text.length): NameAddr | undefined {
  const at = skip(text, start, end, SPACE);
  let open = at;
  if (text.charCodeAt(at) === 34) {
    open = quotedEnd(text, at, end);
    if (open < 0) return undefined;
    open = skip(text, open, end, SPACE);
    if (text.charCodeAt(open) !== 60) return undefined;
  } else {
    open = displayEnd(text, at, end);
    if (open < 0) return undefined;
    if (open === end || text.charCodeAt(open) !== 60) return parseBare(text, at, open, end);
  }
  const close = skip(text, open + 1, end, URI);
  if (close >= end || text.charCodeAt(close) !== 62 || schemeEnd(text, open + 1, close) < 0) return undefined;
  const from = skip(text, close + 1, end, SPACE);
  const stop = paramsEnd(text, from, end);
  if (stop < 0) return undefined;
  const display = text.slice(at, trimEnd(text, at, open));
  return { display, uri: text.slice(open + 1, close), params: text.slice(from, trimEnd(text, from, stop)), end: stop };
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

/** Value of a header parameter, unquoted: '' when it has none, undefined when it is absent. `name` in lower case. */
export function param(params: string, name: string): string | undefined {
  const length = params.length;
  for (let at = 0; at < length; ) {
    const start = skip(params, at + 1, length, SPACE);
    let nameEnd = start;
    let code = 0;
    for (; nameEnd < length; nameEnd++) {
      code = params.charCodeAt(nameEnd);
      if (code === 61 || code === 59) break;
    }
    let valueStart = nameEnd;
    let valueEnd = nameEnd;
    if (nameEnd < length && code === 61) {
      valueStart = skip(params, nameEnd + 1, length, SPACE);
      valueEnd = valueStart;
      for (; valueEnd < length; valueEnd++) {
        code = params.charCodeAt(valueEnd);
        if (code === 59) break;
        if (code === 34) valueEnd = quotedEnd(params, valueEnd, length) - 1;
        if (valueEnd < 0) return undefined;
      }
    }
    at = valueEnd;
    if (!equalsWord(params, start, trimEnd(params, start, nameEnd), name)) continue;
    valueEnd = trimEnd(params, valueStart, valueEnd);
    const quoted = valueEnd - valueStart >= 2 && params.charCodeAt(valueStart) === 34;
    return quoted ? unquote(params, valueStart, valueEnd) : params.slice(valueStart, valueEnd);
  }
  return undefined;
}

/** Where an unquoted display name or a bare URI ends: at `<`, `;`, `,` or the end; -1 at a quote or control character. */
function displayEnd(text: string, at: number, end: number): number {
  for (let p = at; p < end; p++) {
    const code = text.charCodeAt(p);
    if (code === 60 || code === 59 || code === 44) return p;
    if (!is(code, URI | SPACE)) return -1;
  }
  return end;
}

function parseBare(text: string, start: number, uriEnd: number, end: number): NameAddr | undefined {
  const stop = trimEnd(text, start, uriEnd);
  const uri = text.slice(start, stop);
  if (skip(text, start, stop, URI) < stop || uri.includes('?')) return undefined;
  if (uri !== '*' && schemeEnd(text, start, stop) < 0) return undefined;
  const last = paramsEnd(text, uriEnd, end);
  if (last < 0) return undefined;
  return { display: '', uri, params: text.slice(uriEnd, trimEnd(text, uriEnd, last)), end: last };
}

/** Where the parameters that may begin at `at` end: at a comma or the end; -1 when something else stands there. */
function paramsEnd(text: string, at: number, end: number): number {
  if (at === end) return end;
  const first = text.charCodeAt(at);
  if (first === 44) return at;
  if (first !== 59) return -1;
  for (let p = at + 1; p < end; p++) {
    const code = text.charCodeAt(p);
    if (code === 44) return p;
    if (code === 34) {
      const close = quotedEnd(text, p, end);
      if (close < 0) return -1;
      p = close - 1;
    } else if (!is(code, URI | SPACE)) return -1;
  }
  return end;
}
