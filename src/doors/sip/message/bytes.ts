/**
 * The text under the parser's eyes as bytes: an array gives a byte three times as fast as a string gives a character.
 *
 * There is one such text at a time. Every parser calls `lookAt` first, and what it reads of `bytes` belongs to that text until it
 * hands another one to a parser; whatever shall last is a slice of the text. Behind the last byte stands a 0, which is of no class.
 * Source: SIP's characters are bytes (RFC 3261 section 7); texts here are latin1.
 */

/** Far more than the largest head that a transport takes (64 kB). */
const SIZE = 1 << 20;

export const bytes = new Uint8Array(SIZE + 4);
const words = new Int32Array(bytes.buffer);
const writer = Buffer.from(bytes.buffer);
let looked = '';
let seen = 0;

/** Gives the number of bytes that are seen: all, but for a text beyond SIZE. */
export function lookAt(text: string): number {
  if (text === looked) return seen;
  seen = writer.write(text, 0, SIZE, 'latin1');
  bytes[seen] = 0;
  looked = text;
  return seen;
}

/** First position from `at` on, which is in the text or just behind it, that holds a byte below 14: tab, LF, CR, NUL; the 0 behind the text if nothing else. */
export function controlAt(at: number): number {
  while ((at & 3) !== 0) if (bytes[at++]! < 14) return at - 1;
  let word = at >> 2;
  while (!holdsControl(words[word]!)) word++;
  at = word << 2;
  while (bytes[at]! >= 14) at++;
  return at;
}

/** Of four bytes at once: a byte below 14 borrows when 14 is taken off, and had no high bit itself. */
function holdsControl(four: number): boolean {
  return ((four - 0x0e0e0e0e) & ~four & 0x80808080) !== 0;
}
