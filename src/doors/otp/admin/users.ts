/** Persons, for administrators: /admin/userlist and getTokenOwner. Errors: OTP_PARAMETER, OTP_FORBIDDEN, TOKEN_UNKNOWN, RESOLVER_UNAVAILABLE. */
import type { Person } from '../../../core/realms/types.ts';
import type { Caller, Outcome } from '../call.ts';
import { type Fields, parameterError } from '../fields.ts';
import type { Json } from '../reply.ts';
import { resolverName, type TokenParts, tokenFor } from './target.ts';

const LIMIT = 10_000;
/** Of the call itself; all else are attributes to look for. */
const NO_ATTRIBUTES: ReadonlySet<string> = new Set([
  'realm',
  'resConf',
  'session',
  'httperror',
  'rp',
  'page',
  'sortby',
  'sortdir',
]);

/** `username=*&realm=house`: by any attribute, `*` stands for any text. */
export async function listUsers(fields: Fields, caller: Caller, { realms }: TokenParts): Promise<Outcome> {
  const filter = Object.fromEntries([...fields].filter(([name]) => !NO_ATTRIBUTES.has(name)));
  const realm = fields.get('realm')?.toLowerCase() || realms.defaultRealm;
  if (realm === undefined) throw parameterError("Missing parameter: 'realm'");
  caller.require('admin', 'userlist', [realm]);
  const source = resolverName(fields.get('resConf') ?? '');
  const { persons } = await realms.search({ realm, filter, limit: LIMIT, ...(source === '' ? {} : { source }) });
  return { value: persons.map(personView) };
}

/** Nobody's: an empty object. */
export async function tokenOwner(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const { owner } = await tokenFor(fields, 'tokenowner', caller, parts);
  const person = owner ? await parts.realms.findById(owner.source, owner.id) : null;
  if (person) return { value: personView(person) };
  return { value: owner ? { username: owner.login, userid: owner.id, useridresolver: owner.source } : {} };
}

function personView({ attributes, login, id, source }: Person): Json {
  return { ...attributes, username: login, userid: id, useridresolver: source };
}
