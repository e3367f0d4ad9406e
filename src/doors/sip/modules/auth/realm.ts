/**
 * The realm of a request where the script leaves it open: the domain of the user who is to prove who they are.
 *
 * That is the To host for a REGISTER asked with 401, since To is who gets registered; else the From host. Lower case.
 */
import type { SipMessage } from '../../message/message.ts';
import { type HeaderPair, WWW } from './header-pair.ts';

/** Undefined: the header or its URI is broken. */
export function automaticRealm(message: SipMessage, pair: HeaderPair, prefix: string): string | undefined {
  const uri = pair === WWW && message.method === 'REGISTER' ? message.toUri : message.fromUri;
  const host = uri?.host ?? '';
  if (host === '') return undefined;
  return prefix !== '' && host.length > prefix.length && host.startsWith(prefix) ? host.slice(prefix.length) : host;
}

/** Realms are compared in any case. */
export function sameRealm(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}
