/**
 * The value of an Authorization or Proxy-Authorization header, taken apart.
 *
 * Tolerant where devices differ: white space, order, case of names, values quoted or not, empty list elements. A parameter given
 * twice, an unterminated quote or a parameter without value breaks the header: two readers could see different ones.
 * Source: RFC 3261 section 25.1 (credentials), RFC 7616 section 3.4, RFC 9110 section 5.6.1.
 */
import { BARE, equalsWord, is, quotedEnd, SPACE, skip, TOKEN, unquote } from './chars.ts';

export interface Credentials {
  /** Lower case, `digest` for what this is about; with another scheme all else is ''. */
  readonly scheme: string;
  /** Unquoted and with escapes resolved; '' = absent or empty. */
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: string;
  readonly cnonce: string;
  readonly nc: string;
  readonly qop: string;
  readonly opaque: string;
}

const NAMES = ['username', 'realm', 'nonce', 'uri', 'response', 'algorithm', 'cnonce', 'nc', 'qop', 'opaque'] as const;
type Name = (typeof NAMES)[number];
type Fields = { -readonly [K in keyof Credentials]: Credentials[K] };

/** Reads the header's value, text[from, end) where it stands in a message; undefined when it is malformed. */
export function parseCredentials(value: string, from = 0, end = value.length): Credentials | undefined {
  const start = skip(value, from, end, SPACE);
  let at = skip(value, start, end, TOKEN);
  if (at === start || (at < end && !is(value.charCodeAt(at), SPACE))) return undefined;
  const fields = emptyFields();
  if (!equalsWord(value, start, at, 'digest')) {
    fields.scheme = value.slice(start, at).toLowerCase();
    return fields;
  }
  let seen = 0;
  for (at = skip(value, at, end, SPACE); at < end; at = skip(value, at, end, SPACE)) {
    if (value.charCodeAt(at) === 44) {
      at++;
      continue;
    }
    const nameEnd = skip(value, at, end, TOKEN);
    const equals = skip(value, nameEnd, end, SPACE);
    if (nameEnd === at || value.charCodeAt(equals) !== 61) return undefined;
    const first = skip(value, equals + 1, end, SPACE);
    const quoted = value.charCodeAt(first) === 34;
    const to = quoted ? quotedEnd(value, first, end) : skip(value, first, end, BARE);
    if (to <= first) return undefined;
    const index = nameIndex(value, at, nameEnd);
    if (index >= 0) {
      if ((seen & (1 << index)) !== 0) return undefined;
      seen |= 1 << index;
      fields[NAMES[index]!] = quoted ? unquote(value, first, to) : value.slice(first, to);
    }
    at = skip(value, to, end, SPACE);
    if (at < end && value.charCodeAt(at) !== 44) return undefined;
  }
  return fields;
}

function emptyFields(): Fields {
  return {
    scheme: 'digest',
    username: '',
    realm: '',
    nonce: '',
    uri: '',
    response: '',
    algorithm: '',
    cnonce: '',
    nc: '',
    qop: '',
    opaque: '',
  };
}

function nameIndex(text: string, start: number, end: number): number {
  for (let index = 0; index < NAMES.length; index++) {
    const name: Name = NAMES[index]!;
    if (name.length === end - start && equalsWord(text, start, end, name)) return index;
  }
  return -1;
}
