/** HTTP Basic (RFC 7617) as administrators use it. */

const MAX_HEADER = 1024;

/** Of an Authorization header; undefined: it is none of these. */
export function basicCredentials(header: string | undefined): { name: string; password: string } | undefined {
  if (header === undefined || header.length > MAX_HEADER) return undefined;
  const encoded = /^basic +([a-z0-9+/=_-]+) *$/i.exec(header)?.[1];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon > 0 ? { name: text.slice(0, colon), password: text.slice(colon + 1) } : undefined;
}
