/**
 * Header names as small numbers, looked up in any case without making a string. At most 32, so that a set of them is the bits
 * of one number. Add a header here and nowhere else: its id, its name as we write it, and its compact form.
 */
import { bytes, lookAt } from './bytes.ts';
import { consistsOf, isWord, TOKEN, word } from './chars.ts';

export const HEADERS = [
  ['other', ''],
  ['via', 'Via', 'v'],
  ['from', 'From', 'f'],
  ['to', 'To', 't'],
  ['callId', 'Call-ID', 'i'],
  ['cseq', 'CSeq'],
  ['contact', 'Contact', 'm'],
  ['maxForwards', 'Max-Forwards'],
  ['maxBreadth', 'Max-Breadth'],
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
] as const;

type HeaderKey = (typeof HEADERS)[number][0];

/** Index into HEADERS. */
export type HeaderId = number;

/** `Header.via`, `Header.callId` …: the ids by name. */
export const Header = Object.freeze(Object.fromEntries(HEADERS.map(([key], id) => [key, id]))) as Readonly<
  Record<HeaderKey, HeaderId>
>;

/** Names, lower case, by a mark of their length and outer letters; a name that nobody knows finds an empty bucket or none of its own. */
const BUCKETS: (readonly { readonly name: Uint8Array; readonly id: HeaderId }[] | undefined)[] = new Array(256).fill(
  undefined,
);
HEADERS.forEach(([, ...names], id) => {
  for (const written of names) {
    if (written === '') continue;
    const name = word(written.toLowerCase());
    const bucket = bucketOf(name, 0, name.length);
    BUCKETS[bucket] = [...(BUCKETS[bucket] ?? []), { name, id }];
  }
});

/** The id of the token at [start, end) of the text looked at, long or compact; `Header.other` when it has none. */
export function headerIdAt(start: number, end: number): HeaderId {
  const bucket = BUCKETS[bucketOf(bytes, start, end)];
  if (bucket === undefined) return Header.other;
  for (let i = 0; i < bucket.length; i++) if (isWord(start, end, bucket[i]!.name)) return bucket[i]!.id;
  return Header.other;
}

/** The same for a name by itself. */
export function headerId(name: string): HeaderId {
  if (!consistsOf(name, TOKEN)) return Header.other;
  lookAt(name);
  return headerIdAt(0, name.length);
}

function bucketOf(name: Uint8Array, start: number, end: number): number {
  return ((name[start]! | 32) * 7 + (name[end - 1]! | 32) * 3 + (end - start) * 13) & 255;
}
