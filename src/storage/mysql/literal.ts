/** Values as SQL text, for connections in latin1 without ANSI_QUOTES and NO_BACKSLASH_ESCAPES (see connect.ts). */
import type { Cell } from '../batch.ts';

const SPECIAL = /['\\\0\x1a]/;
const ESCAPES: Readonly<Record<string, string>> = { "'": "\\'", '\\': '\\\\', '\0': '\\0', '\x1a': '\\Z' };
const NOT_ASCII = /[^\0-\x7f]/;

export function literal(value: Cell): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'NULL';
  return SPECIAL.test(value) ? `'${escapeText(value)}'` : `'${value}'`;
}

/** A Unicode text on a connection that speaks latin1: its UTF-8 bytes, marked as such. */
export function unicodeLiteral(text: string): string {
  if (!NOT_ASCII.test(text)) return literal(text);
  return `_utf8mb4${literal(Buffer.from(text, 'utf8').toString('latin1'))}`;
}

function escapeText(text: string): string {
  return text.replace(/['\\\0\x1a]/g, (c) => ESCAPES[c]!);
}
