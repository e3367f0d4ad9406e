/**
 * The rewriting of a Request-URI by part, on its text: everything not rewritten stays as it was written.
 *
 * Source: RFC 3261 section 25.1 (SIP-URI). Only sip and sips URIs have these parts; others are not rewritten.
 */
interface Parts {
  scheme: string;
  user: string;
  /** With its colon, '' = none. */
  password: string;
  host: string;
  /** With its colon, '' = none. */
  port: string;
  /** Parameters and headers. */
  rest: string;
}

export type Rewrite = (parts: Parts) => void;

/** The URI with the change made, or undefined when it has no such parts. */
export function rewriteUri(uri: string, rewrite: Rewrite): string | undefined {
  const parts = split(uri);
  if (!parts) return undefined;
  rewrite(parts);
  const user = parts.user || parts.password ? `${parts.user}${parts.password}@` : '';
  return `${parts.scheme}${user}${parts.host}${parts.port}${parts.rest}`;
}

function split(uri: string): Parts | undefined {
  const scheme = /^sips?:/i.exec(uri)?.[0];
  if (!scheme) return undefined;
  const at = uri.indexOf('@', scheme.length);
  const userInfo = at < 0 ? '' : uri.slice(scheme.length, at);
  const hostPart = at < 0 ? uri.slice(scheme.length) : uri.slice(at + 1);
  const colon = userInfo.indexOf(':');
  const found = /^(\[[^\]]*\]|[^:;?]*)(:[0-9]*)?([;?].*)?$/s.exec(hostPart);
  if (!found) return undefined;
  return {
    scheme,
    user: colon < 0 ? userInfo : userInfo.slice(0, colon),
    password: colon < 0 ? '' : userInfo.slice(colon),
    host: found[1]!,
    port: found[2] ?? '',
    rest: found[3] ?? '',
  };
}

export const rewrites = {
  host:
    (host: string): Rewrite =>
    (parts) => {
      parts.host = host;
    },
  hostPort: (text: string): Rewrite => {
    const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(:[0-9]+)?$/.exec(text) ?? [];
    return (parts) => {
      parts.host = host;
      parts.port = port;
    };
  },
  port:
    (port: string): Rewrite =>
    (parts) => {
      parts.port = port === '' ? '' : `:${port}`;
    },
  user:
    (user: string): Rewrite =>
    (parts) => {
      parts.user = user;
    },
  userPassword: (text: string): Rewrite => {
    const colon = text.indexOf(':');
    return (parts) => {
      parts.user = colon < 0 ? text : text.slice(0, colon);
      parts.password = colon < 0 ? '' : text.slice(colon);
    };
  },
  prefix:
    (text: string): Rewrite =>
    (parts) => {
      parts.user = text + parts.user;
    },
  strip:
    (count: number): Rewrite =>
    (parts) => {
      parts.user = parts.user.slice(count);
    },
  stripTail:
    (count: number): Rewrite =>
    (parts) => {
      parts.user = parts.user.slice(0, Math.max(0, parts.user.length - count));
    },
};
