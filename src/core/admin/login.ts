/** Logins as administrators write them: `name` or `name@domain`. Errors: BAD_LOGIN. */
import { GatehouseError } from '../../platform/errors.ts';
import type { Login } from '../users/store.ts';
import type { LoginText } from './types.ts';

const MAX_LENGTH = 128;
/** What a digest, a SIP URI, a line of a table or a terminal would take for something else. */
const FORBIDDEN = /[\u0000-\u0020\u007f-\u00a0"<>,;:\\@\u2028-\u202e]/;

/** `defaultDomain` is given to a login without one; empty: it stays without. */
export function parseLogin(text: LoginText, defaultDomain: string): Login {
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const domain = at < 0 ? defaultDomain : text.slice(at + 1);
  if (name === '' || (at >= 0 && domain === '')) throw badLogin(text, 'it is incomplete');
  if (name.length > MAX_LENGTH || domain.length > MAX_LENGTH)
    throw badLogin(text, `a part has over ${MAX_LENGTH} characters`);
  if (FORBIDDEN.test(name) || FORBIDDEN.test(domain))
    throw badLogin(text, 'it has a character that logins cannot have');
  return { name, domain: domain.toLowerCase() };
}

export function loginText({ name, domain }: Login): LoginText {
  return domain === '' ? name : `${name}@${domain}`;
}

export function sameLogin(a: Login, b: Login): boolean {
  return a.name === b.name && a.domain === b.domain;
}

function badLogin(text: string, why: string): GatehouseError {
  return new GatehouseError('BAD_LOGIN', `${JSON.stringify(text.slice(0, MAX_LENGTH))} is no login: ${why}`, {
    hint: 'write NAME or NAME@DOMAIN, without spaces, quotes, brackets, colons, commas and semicolons',
  });
}
