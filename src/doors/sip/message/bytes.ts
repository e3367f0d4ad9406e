/**
 * The text under the parser's eyes as bytes: an array gives a byte three times as fast as a string gives a character.
 *
 * There is one such text at a time. Every parser calls `lookAt` first, and what it reads of `bytes` belongs to that text until it
 * hands another one to a parser; whatever shall last is a slice of the text. Behind the last byte stands a 0, which is of no class.
 * Source: SIP's characters are bytes (RFC 3261 section 7); texts here are latin1.
 */

/** Far more than the largest head that a transport takes (64 kB). */
const SIZE = 1 << 20;

export const bytes = new Uint8Array(SIZE);
const writer = Buffer.from(bytes.buffer);
let looked = '';

/** What lies beyond SIZE reads as nothing. */
export function lookAt(text: string): void {
  if (text === looked) return;
  bytes[writer.write(text, 0, SIZE, 'latin1')] = 0;
  looked = text;
}
