/**
 * Splits the name of a request into login and realm, as LinOTP does: at the last @, else at the last backslash (`STAFF\alice`), and only
 * where splitAtSign is on. A realm that is given apart goes before the one in the name. Realms are in lower case.
 */
import type { PersonName } from './types.ts';

export interface SplitRules {
  readonly splitAtSign: boolean;
  readonly defaultRealm: string | undefined;
}

export function splitPersonName(text: string, realm: string | undefined, rules: SplitRules): PersonName {
  const name = text.trim();
  const parts = rules.splitAtSign ? split(name) : { login: name, realm: '' };
  const asked = realm?.trim() || parts.realm || rules.defaultRealm || '';
  return { login: parts.login, realm: asked.toLowerCase() };
}

function split(name: string): PersonName {
  const at = name.lastIndexOf('@');
  if (at >= 0) return { login: name.slice(0, at), realm: name.slice(at + 1) };
  const slash = name.lastIndexOf('\\');
  return { login: name.slice(slash + 1), realm: name.slice(0, Math.max(slash, 0)) };
}
