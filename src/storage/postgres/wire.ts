/**
 * Wire texts (latin1, one character per byte) as PostgreSQL keeps them: in SER's tables the bytes stand as they came, so
 * they are text to it where they are UTF-8, as with all servers of the family.
 *
 * It takes neither a NUL nor bytes that are no UTF-8. Each such byte stands as the character U+EF00 + byte of the private use
 * area, and comes back from there; the bytes of such a character itself are kept that way too, so that nothing is mixed up.
 */
import { isUtf8 } from 'node:buffer';
import { wireText } from '../../core/ser/wire-text.ts';

const BYTES = 0xef00;
const NOT_ASCII = /[^\x01-\x7f]/;
/** What could be a byte that was replaced, here or by Buffer. */
const DOUBTFUL = /[\0\ufffd\uef00\uef80-\uefff]/;
const REPLACED = /[\uef00\uef80-\uefff]/;

export function fromWire(wire: string): string {
  if (!NOT_ASCII.test(wire)) return wire;
  const bytes = Buffer.from(wire, 'latin1');
  const text = bytes.toString('utf8');
  return DOUBTFUL.test(text) ? characterByCharacter(bytes) : text;
}

export function toWire(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  if (!REPLACED.test(text)) return wireText(text);
  let wire = '';
  for (const char of text)
    wire += REPLACED.test(char) ? String.fromCharCode(char.charCodeAt(0) - BYTES) : wireText(char);
  return wire;
}

/** A Unicode text of our own; what it is not is wire. PostgreSQL keeps no NUL. */
export function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', String.fromCharCode(BYTES)) : text;
}

function characterByCharacter(bytes: Buffer): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i]!;
    const piece = bytes.subarray(i, i + lengthFrom(byte));
    const char = byte !== 0 && isUtf8(piece) ? piece.toString('utf8') : '\uef00';
    const stays = !REPLACED.test(char);
    text += stays ? char : String.fromCharCode(BYTES + byte);
    i += stays ? piece.length : 1;
  }
  return text;
}

function lengthFrom(first: number): number {
  return first < 0xe0 ? (first < 0xc0 ? 1 : 2) : first < 0xf0 ? 3 : 4;
}
