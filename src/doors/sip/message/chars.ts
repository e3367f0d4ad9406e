/**
 * Character classes of SIP as bits of one table, and the few scans that all parsers of this folder share. Positions are those of the
 * text last looked at (bytes.ts).
 *
 * Source: RFC 3261 section 25.1. The classes are a little wider than its grammar where devices are known to be: bytes above 127
 * count as text, `#`, `[`, `{` and the like may stand in a user part, `_` in a host name.
 */
import { bytes, lookAt } from './bytes.ts';

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

/** Whether the byte belongs to one of the classes. */
export function is(byte: number, bits: number): boolean {
  return (CLASSES[byte]! & bits) !== 0;
}

/** Whether the byte at this position belongs to one of the classes. */
export function isAt(at: number, bits: number): boolean {
  return is(bytes[at]!, bits);
}

/** First position from `at` on, below `end`, that is not of the class; else `end`. */
export function skip(at: number, end: number, bits: number): number {
  while (at < end && (CLASSES[bytes[at]!]! & bits) !== 0) at++;
  return at;
}

/** `end` moved back over white space, not below `start`. */
export function trimEnd(start: number, end: number): number {
  while (end > start && isAt(end - 1, SPACE)) end--;
  return end;
}

/** Whether all of a text, which is not empty, is of the class. */
export function consistsOf(text: string, bits: number): boolean {
  lookAt(text);
  return text !== '' && skip(0, text.length, bits) === text.length;
}

/** A word in lower case, as `isWord` wants it. */
export function word(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** Whether the word stands at [start, end), in any case. */
export function isWord(start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) {
    const byte = bytes[start + i]!;
    if (byte !== wanted[i] && (!is(byte, ALPHA) || (byte | 32) !== wanted[i])) return false;
  }
  return true;
}

/** Position behind the closing quote of the quoted string that opens at `at`; -1 when it never closes before `end`. */
export function quotedEnd(at: number, end: number): number {
  for (let p = at + 1; p < end; p++) {
    const byte = bytes[p];
    if (byte === 34) return p + 1;
    if (byte === 92) p++;
  }
  return -1;
}

/** The text of the quoted string text[start, end), quotes included there; escapes are resolved. */
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

/** The decimal number at [start, end), or -1 if that is empty, holds anything but digits or exceeds `max` (below 2^53 / 10). */
export function decimal(start: number, end: number, max: number): number {
  if (start >= end) return -1;
  let number = 0;
  for (let p = start; p < end; p++) {
    const byte = bytes[p]!;
    if (!is(byte, DIGIT)) return -1;
    number = number * 10 + byte - 48;
    if (number > max) return -1;
  }
  return number;
}
