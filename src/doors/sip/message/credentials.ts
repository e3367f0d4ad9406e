/**
 * The value of an Authorization or Proxy-Authorization header, taken apart.
 *
 * Tolerant where devices differ: white space, order, case of names, values quoted or not, empty list elements. A parameter given
 * twice, an unterminated quote or a parameter without value breaks the header: two readers could see different ones.
 * Source: RFC 3261 section 25.1 (credentials), RFC 7616 section 3.4, RFC 9110 section 5.6.1.
 */
import { bytes, lookAt } from './bytes.ts';
import { BARE, isAt, isWord, quotedEnd, SPACE, skip, TOKEN, unquote, word } from './chars.ts';

export interface Credentials {
  /** Lower case, `digest` for what this is about; with another scheme all else is ''. */
  readonly scheme: string;
  /** Unquoted and with escapes resolved, of `username*` the bytes (RFC 8187); '' = absent or empty. */
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

const DIGEST = word('digest');
const NAMES = [
  'username',
  'realm',
  'nonce',
  'uri',
  'response',
  'algorithm',
  'cnonce',
  'nc',
  'qop',
  'opaque',
  'username*',
].map(word);

const EXTENDED = NAMES.length - 1;

/** Where the values stand that were found, start and end for each of NAMES; equal: absent. */
const places = new Int32Array(2 * NAMES.length);

/** Reads the header's value, text[from, end) where it stands in a message; undefined when it is malformed. */
export function parseCredentials(text: string, from = 0, end = text.length): Credentials | undefined {
  lookAt(text);
  places.fill(0);
  const start = skip(from, end, SPACE);
  let at = skip(start, end, TOKEN);
  if (at === start || (at < end && !isAt(at, SPACE))) return undefined;
  if (!isWord(start, at, DIGEST)) return credentials(text.slice(start, at).toLowerCase(), text);
  for (at = skip(at, end, SPACE); at < end; at = skip(at, end, SPACE)) {
    if (bytes[at] === 44) {
      at++;
      continue;
    }
    const nameEnd = skip(at, end, TOKEN);
    const equals = skip(nameEnd, end, SPACE);
    if (nameEnd === at || bytes[equals] !== 61) return undefined;
    const first = skip(equals + 1, end, SPACE);
    const to = bytes[first] === 34 ? quotedEnd(first, end) : skip(first, end, BARE);
    if (to <= first) return undefined;
    const place = 2 * nameIndex(at, nameEnd);
    if (place >= 0) {
      if (places[place] !== places[place + 1]) return undefined;
      places[place] = first;
      places[place + 1] = to;
    }
    at = skip(to, end, SPACE);
    if (at < end && bytes[at] !== 44) return undefined;
  }
  const username = usernameOf(piece(0, text), piece(EXTENDED, text));
  return username === undefined ? undefined : credentials('digest', text, username);
}

/** RFC 7616 section 3.4: `username*` holds what does not go into `username`, and only one of them may be there. */
function usernameOf(plain: string, extended: string): string | undefined {
  if (extended === '') return plain;
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(extended)?.[1];
  if (encoded === undefined || plain !== '' || /%(?![0-9a-f]{2})/i.test(encoded)) return undefined;
  return encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function credentials(scheme: string, text: string, username = ''): Credentials {
  return {
    scheme,
    username,
    realm: piece(1, text),
    nonce: piece(2, text),
    uri: piece(3, text),
    response: piece(4, text),
    algorithm: piece(5, text),
    cnonce: piece(6, text),
    nc: piece(7, text),
    qop: piece(8, text),
    opaque: piece(9, text),
  };
}

function piece(index: number, text: string): string {
  const start = places[2 * index]!;
  const end = places[2 * index + 1]!;
  return bytes[start] === 34 && end > start ? unquote(text, start, end) : text.slice(start, end);
}

function nameIndex(start: number, end: number): number {
  for (let index = 0; index < NAMES.length; index++) if (isWord(start, end, NAMES[index]!)) return index;
  return -1;
}
