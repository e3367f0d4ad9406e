/**
 * Character classes of SIP as bits of one table, and the few scans that all parsers of this folder share.
 *
 * Source: RFC 3261 section 25.1. The classes are a little wider than its grammar where devices are known to be: bytes above 127
 * count as text, `#`, `[`, `{` and the like may stand in a user part, `_` in a host name.
 */
export const TOKEN = 1;
export const SPACE = 2;
export const DIGIT = 4;
export const HEX = 8;
/** Host names and IPv4 addresses. */
export const HOST = 16;
/** What may stand in a URI: visible, and no angle bracket or double quote. */
export const URI = 32;
/** Value of a Via or credentials parameter that is not quoted. */
export const BARE = 64;
export const ALPHA = 128;

const CLASSES = new Uint8Array(256);
mark(ALPHA | TOKEN | HOST, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
mark(DIGIT | TOKEN | HOST | HEX, '0123456789');
mark(HEX, 'abcdefABCDEF');
mark(HOST, '-._');
mark(TOKEN, "-.!%*_+`'~");
mark(SPACE, ' \t');
for (let code = 33; code < 256; code++) {
  if (code === 127) continue;
  const char = String.fromCharCode(code);
  if (!'<>"'.includes(char)) mark(URI, char);
  if (!',;"'.includes(char)) mark(BARE, char);
}

function mark(bits: number, chars: string): void {
  for (const char of chars) CLASSES[char.charCodeAt(0)]! |= bits;
}

/** Whether the character code belongs to one of the classes; NaN (past the end) belongs to none. */
export function is(code: number, bits: number): boolean {
  return (CLASSES[code]! & bits) !== 0;
}

/** First position from `at` on, below `end`, that is not of the class; else `end`. */
export function skip(text: string, at: number, end: number, bits: number): number {
  while (at < end && is(text.charCodeAt(at), bits)) at++;
  return at;
}

/** `end` moved back over white space, not below `start`. */
export function trimEnd(text: string, start: number, end: number): number {
  while (end > start && is(text.charCodeAt(end - 1), SPACE)) end--;
  return end;
}

/** Whether text[start, end) is the word, which is given in lower case, in any case. */
export function equalsWord(text: string, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    const code = text.charCodeAt(start + i);
    if (code !== word.charCodeAt(i) && (!is(code, ALPHA) || (code | 32) !== word.charCodeAt(i))) return false;
  }
  return true;
}

/** Position behind the closing quote of the quoted string that opens at `at`; -1 when it never closes before `end`. */
export function quotedEnd(text: string, at: number, end: number): number {
  let close = at;
  do {
    close = text.indexOf('"', close + 1);
    if (close < 0 || close >= end) return -1;
  } while (isEscaped(text, close, at));
  return close + 1;
}

/** Whether the backslashes before `at`, down to the opening quote, leave one over. */
function isEscaped(text: string, at: number, open: number): boolean {
  let p = at;
  while (p - 1 > open && text.charCodeAt(p - 1) === 92) p--;
  return ((at - p) & 1) === 1;
}

/** The text of the quoted string in text[start, end), quotes included there; escapes are resolved. */
export function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  if (!inner.includes('\\')) return inner;
  let out = '';
  let from = 0;
  for (let at = inner.indexOf('\\'); at >= 0; at = inner.indexOf('\\', at + 2)) {
    out += inner.slice(from, at);
    from = at + 1;
  }
  return out + inner.slice(from);
}

/** The decimal number text[start, end), or -1 if that is empty, holds anything but digits or exceeds `max` (below 2^53 / 10). */
export function decimal(text: string, start: number, end: number, max: number): number {
  if (start >= end) return -1;
  let number = 0;
  for (let p = start; p < end; p++) {
    const code = text.charCodeAt(p);
    if (!is(code, DIGIT)) return -1;
    number = number * 10 + code - 48;
    if (number > max) return -1;
  }
  return number;
}
