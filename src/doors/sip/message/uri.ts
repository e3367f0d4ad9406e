/**
 * URIs taken apart: sip and sips fully, tel into number and parameters, other schemes only named.
 *
 * Refused (undefined): white space, control characters, angle brackets and quotes anywhere, no scheme, no host, a port
 * outside 1-65535. Source: RFC 3261 sections 19.1 and 25.1, RFC 3966 for tel.
 */
import { ALPHA, DIGIT, decimal, equalsWord, HEX, HOST, is, skip, TOKEN, URI } from './chars.ts';

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

/** Takes a whole URI apart; undefined when it is none. */
export function parseUri(text: string): SipUri | undefined {
  const end = text.length;
  const colon = schemeEnd(text, 0, end);
  if (colon < 0 || colon + 1 >= end || skip(text, colon + 1, end, URI) < end) return undefined;
  if (equalsWord(text, 0, colon, 'sip')) return parseSip('sip', text, colon + 1);
  if (equalsWord(text, 0, colon, 'sips')) return parseSip('sips', text, colon + 1);
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme !== 'tel') return { scheme, user: '', password: '', host: '', port: 0, params: '', headers: '' };
  const params = text.indexOf(';', colon);
  const user = text.slice(colon + 1, params < 0 ? end : params);
  if (user === '') return undefined;
  return { scheme, user, password: '', host: '', port: 0, params: params < 0 ? '' : text.slice(params), headers: '' };
}

/** Position of the `:` that ends the scheme beginning at `start`, or -1. */
export function schemeEnd(text: string, start: number, end: number): number {
  if (!is(text.charCodeAt(start), ALPHA)) return -1;
  for (let p = start + 1; p < end; p++) {
    const code = text.charCodeAt(p);
    if (code === 58) return p;
    if (!is(code, ALPHA | DIGIT) && code !== 43 && code !== 45 && code !== 46) return -1;
  }
  return -1;
}

/** Value of a URI parameter: '' when it has none, undefined when it is absent. `name` in lower case. */
export function uriParam(uri: SipUri, name: string): string | undefined {
  const text = uri.params;
  for (let at = 0; at < text.length; ) {
    let end = text.indexOf(';', at + 1);
    if (end < 0) end = text.length;
    let equals = text.indexOf('=', at + 1);
    if (equals < 0 || equals > end) equals = end;
    if (equalsWord(text, at + 1, equals, name)) return text.slice(equals + 1, end);
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
export function hostEnd(text: string, at: number, end: number): number {
  if (text.charCodeAt(at) !== 91) {
    const stop = skip(text, at, end, HOST);
    return stop > at ? stop : -1;
  }
  let colons = 0;
  for (let p = at + 1; p < end; p++) {
    const code = text.charCodeAt(p);
    if (code === 93) return colons >= 2 ? p + 1 : -1;
    if (code === 58) colons++;
    else if (!is(code, HEX) && code !== 46) return -1;
  }
  return -1;
}

function parseSip(scheme: string, text: string, start: number): SipUri | undefined {
  let user = '';
  let password = '';
  let at = start;
  const sign = text.indexOf('@', start);
  if (sign >= 0) {
    if (sign === start) return undefined;
    const colon = text.indexOf(':', start);
    const split = colon >= 0 && colon < sign;
    user = text.slice(start, split ? colon : sign);
    if (split) password = text.slice(colon + 1, sign);
    if (user === '') return undefined;
    at = sign + 1;
  }
  const hostStop = hostEnd(text, at, text.length);
  if (hostStop < 0) return undefined;
  const host = lowerCase(text.slice(at, hostStop));
  let port = 0;
  at = hostStop;
  if (at < text.length && text.charCodeAt(at) === 58) {
    const stop = skip(text, at + 1, text.length, DIGIT);
    port = decimal(text, at + 1, stop, 65535);
    if (port <= 0) return undefined;
    at = stop;
  }
  if (at === text.length) return { scheme, user, password, host, port, params: '', headers: '' };
  const question = text.indexOf('?', at);
  const stop = question < 0 ? text.length : question;
  if (at < stop && text.charCodeAt(at) !== 59) return undefined;
  const headers = question < 0 ? '' : text.slice(question + 1);
  return { scheme, user, password, host, port, params: text.slice(at, stop), headers };
}

/** toLowerCase costs a call into the runtime; most hosts are in lower case already. */
function lowerCase(host: string): string {
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i);
    if (code >= 65 && code <= 90) return host.toLowerCase();
  }
  return host;
}

/** Whether text[start, end) is a token, as methods are. */
export function isToken(text: string, start: number, end: number): boolean {
  return start < end && skip(text, start, end, TOKEN) === end;
}

/** The URI as a Request-URI, which may have no headers (RFC 3261 sections 16.6 step 2 and 19.1.1). A contact may have some. */
export function withoutHeaders(uri: string): string {
  if (!uri.includes('?')) return uri;
  const headers = parseUri(uri)?.headers ?? '';
  return headers === '' ? uri : uri.slice(0, -headers.length - 1);
}
