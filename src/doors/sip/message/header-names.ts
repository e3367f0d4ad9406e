/**
 * Header names as small numbers. Add a header here and nowhere else: its id, its name as we write it, and its compact form.
 */
export const HEADERS = [
  ['other', ''],
  ['via', 'Via', 'v'],
  ['from', 'From', 'f'],
  ['to', 'To', 't'],
  ['callId', 'Call-ID', 'i'],
  ['cseq', 'CSeq'],
  ['contact', 'Contact', 'm'],
  ['maxForwards', 'Max-Forwards'],
  ['route', 'Route'],
  ['recordRoute', 'Record-Route'],
  ['contentLength', 'Content-Length', 'l'],
  ['contentType', 'Content-Type', 'c'],
  ['expires', 'Expires'],
  ['authorization', 'Authorization'],
  ['proxyAuthorization', 'Proxy-Authorization'],
  ['wwwAuthenticate', 'WWW-Authenticate'],
  ['proxyAuthenticate', 'Proxy-Authenticate'],
  ['userAgent', 'User-Agent'],
  ['server', 'Server'],
  ['supported', 'Supported', 'k'],
  ['require', 'Require'],
  ['proxyRequire', 'Proxy-Require'],
  ['unsupported', 'Unsupported'],
  ['path', 'Path'],
  ['timestamp', 'Timestamp'],
  ['allow', 'Allow'],
  ['event', 'Event', 'o'],
  ['subject', 'Subject', 's'],
  ['contentEncoding', 'Content-Encoding', 'e'],
  ['referTo', 'Refer-To', 'r'],
  ['referredBy', 'Referred-By', 'b'],
  ['retryAfter', 'Retry-After'],
  ['warning', 'Warning'],
] as const;

type HeaderKey = (typeof HEADERS)[number][0];

/** Index into HEADERS. */
export type HeaderId = number;

/** `Header.via`, `Header.callId` …: the ids by name. */
export const Header = Object.freeze(Object.fromEntries(HEADERS.map(([key], id) => [key, id]))) as Readonly<
  Record<HeaderKey, HeaderId>
>;
