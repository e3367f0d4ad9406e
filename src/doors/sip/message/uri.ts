/**
 * URIs taken apart: sip and sips fully, tel into number and parameters, other schemes only named.
 *
 * Refused (undefined): white space, control characters, angle brackets and quotes anywhere, no scheme, no host, a port
 * outside 1-65535. Source: RFC 3261 sections 19.1 and 25.1, RFC 3966 for tel.
 */
import { bytes, lookAt } from './bytes.ts';
import { ALPHA, DIGIT, decimal, HEX, HOST, is, isAt, isWord, skip, URI, word } from './chars.ts';

export interface SipUri {
  /** Lower case. */
  readonly scheme: string;
  /** As written, escapes included; '' = none. tel: the number. */
  readonly user: string;
  readonly password: string;
  /** Lower case; IPv6 in its brackets; '' for schemes other than sip and sips. */
  readonly host: string;
  /** 0: none given. */
  readonly port: number;
  /** From the first `;` on, '' = none. */
  readonly params: string;
  /** Behind the `?`, '' = none. */
  readonly headers: string;
}

const SCHEMES = [
  { scheme: 'sip', name: word('sip') },
  { scheme: 'sips', name: word('sips') },
] as const;

/** Takes the URI text[start, end) apart, all of the text if nothing else is said; undefined when it is none. */
export function parseUri(text: string, start = 0, end = text.length): SipUri | undefined {
  lookAt(text);
  const colon = schemeEnd(start, end);
  if (colon < 0 || colon + 1 >= end || skip(colon + 1, end, URI) < end) return undefined;
  for (const { scheme, name } of SCHEMES) if (isWord(start, colon, name)) return parseSip(scheme, text, colon + 1, end);
  const scheme = text.slice(start, colon).toLowerCase();
  if (scheme !== 'tel') return { scheme, user: '', password: '', host: '', port: 0, params: '', headers: '' };
  const params = find(59, colon, end);
  const user = text.slice(colon + 1, params);
  if (user === '') return undefined;
  return { scheme, user, password: '', host: '', port: 0, params: text.slice(params, end), headers: '' };
}

/** Position of the `:` that ends the scheme beginning at `start` of the text looked at, or -1. */
export function schemeEnd(start: number, end: number): number {
  if (!isAt(start, ALPHA)) return -1;
  for (let p = start + 1; p < end; p++) {
    const byte = bytes[p]!;
    if (byte === 58) return p;
    if (!is(byte, ALPHA | DIGIT) && byte !== 43 && byte !== 45 && byte !== 46) return -1;
  }
  return -1;
}

/** Value of a URI parameter: '' when it has none, undefined when it is absent. `name` in lower case. */
export function uriParam(uri: SipUri, name: string | Uint8Array): string | undefined {
  const text = uri.params;
  if (text === '') return undefined;
  const wanted = typeof name === 'string' ? word(name) : name;
  lookAt(text);
  for (let at = 0; at < text.length; ) {
    const end = find(59, at + 1, text.length);
    const equals = find(61, at + 1, end);
    if (isWord(at + 1, equals, wanted)) return text.slice(equals + 1, end);
    at = end;
  }
  return undefined;
}

/** The user part with its %XX escapes resolved to bytes; what is no escape stays. The result may hold any byte, NUL too. */
export function unescapeUser(user: string): string {
  let at = user.indexOf('%');
  if (at < 0) return user;
  let out = '';
  let from = 0;
  for (; at >= 0; at = user.indexOf('%', at + 1)) {
    if (!is(user.charCodeAt(at + 1), HEX) || !is(user.charCodeAt(at + 2), HEX)) continue;
    out += user.slice(from, at) + String.fromCharCode(Number.parseInt(user.slice(at + 1, at + 3), 16));
    from = at + 3;
    at += 2;
  }
  return out + user.slice(from);
}

/** A host without the brackets of an IPv6 reference, as sockets and resolvers want it. */
export function bareHost(host: string): string {
  return host.charCodeAt(0) === 91 ? host.slice(1, -1) : host;
}

/** Position behind the host that begins at `at`: a name, an IPv4 address or an IPv6 reference; -1 when there is none. */
export function hostEnd(at: number, end: number): number {
  if (bytes[at] !== 91) {
    const stop = skip(at, end, HOST);
    return stop > at ? stop : -1;
  }
  let colons = 0;
  for (let p = at + 1; p < end; p++) {
    const byte = bytes[p]!;
    if (byte === 93) return colons >= 2 ? p + 1 : -1;
    if (byte === 58) colons++;
    else if (!is(byte, HEX) && byte !== 46) return -1;
  }
  return -1;
}

function parseSip(scheme: string, text: string, start: number, end: number): SipUri | undefined {
  let user = '';
  let password = '';
  let at = start;
  const sign = find(64, start, end);
  if (sign < end) {
    const colon = find(58, start, sign);
    user = text.slice(start, colon);
    password = text.slice(colon + 1, sign);
    if (user === '') return undefined;
    at = sign + 1;
  }
  const hostStop = hostEnd(at, end);
  if (hostStop < 0) return undefined;
  const host = hostText(text, at, hostStop);
  let port = 0;
  at = hostStop;
  if (at < end && bytes[at] === 58) {
    const stop = skip(at + 1, end, DIGIT);
    port = decimal(at + 1, stop, 65535);
    if (port <= 0) return undefined;
    at = stop;
  }
  if (at === end) return { scheme, user, password, host, port, params: '', headers: '' };
  const question = find(63, at, end);
  if (at < question && bytes[at] !== 59) return undefined;
  return {
    scheme,
    user,
    password,
    host,
    port,
    params: text.slice(at, question),
    headers: text.slice(question + 1, end),
  };
}

/** First position of the byte, or `end`. */
function find(byte: number, at: number, end: number): number {
  while (at < end && bytes[at] !== byte) at++;
  return at;
}

/** A host in lower case. toLowerCase costs a call into the runtime, and most hosts are in lower case already. */
export function hostText(text: string, start: number, end: number): string {
  const host = text.slice(start, end);
  for (let p = start; p < end; p++) if (bytes[p]! >= 65 && bytes[p]! <= 90) return host.toLowerCase();
  return host;
}

/** Whether a URI is of sips; it need not be a good one. */
export function isSips(uri: string): boolean {
  return uri.charCodeAt(4) === 58 && (uri.charCodeAt(3) | 32) === 115;
}

/** The URI as a Request-URI, which may have no headers (RFC 3261 sections 16.6 step 2 and 19.1.1). A contact may have some. */
export function withoutHeaders(uri: string): string {
  if (!uri.includes('?')) return uri;
  const headers = parseUri(uri)?.headers ?? '';
  return headers === '' ? uri : uri.slice(0, -headers.length - 1);
}
