/**
 * The key under which an address of record is kept: the user part, unescaped, in lower case unless asked otherwise, with
 * `@domain` in tables that have domains. Only ASCII letters change case: other bytes may be UTF-8.
 */
import { type SipUri, unescapeUser } from '../../message/uri.ts';

/** SER's limit. */
export const AOR_MAX = 256;

export function aorKey(user: string, domain: string, caseSensitive: boolean): string {
  const name = caseSensitive ? user : lowerCase(user);
  return domain === '' ? name : `${name}@${lowerCase(domain)}`;
}

/**
 * The AOR that a To or Request-URI means; undefined when it has no user part or one with control characters in it.
 * `realmPrefix` is cut off the host.
 */
export function aorOf(
  uri: SipUri,
  useDomain: boolean,
  caseSensitive: boolean,
  realmPrefix: string,
): string | undefined {
  const user = unescapeUser(uri.user);
  if (user === '' || hasControls(user)) return undefined;
  if (!useDomain) return aorKey(user, '', caseSensitive);
  const cut = realmPrefix !== '' && uri.host.startsWith(realmPrefix);
  return aorKey(user, cut ? uri.host.slice(realmPrefix.length) : uri.host, caseSensitive);
}

function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 127) return true;
  }
  return false;
}

function lowerCase(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 65 && code <= 90) return text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());
  }
  return text;
}
