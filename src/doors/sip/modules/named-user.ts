/** Whom a script means by "Request-URI", "To", "From", "Credentials", or by a variable that holds a URI. */
import { parseUri, type SipUri, unescapeUser } from '../message/uri.ts';
import type { Run } from '../run.ts';
import type { ScriptUses } from '../script/types.ts';
import { isVariable } from './value-checks.ts';

export interface NamedUser {
  /** Escapes resolved, not empty. */
  readonly user: string;
  /** Lower case; of credentials the realm as it was sent. */
  readonly domain: string;
}

/** Undefined: there is no such user in the request. */
export type FindUser = (run: Run) => NamedUser | undefined;

const PLACES: Readonly<Record<string, FindUser>> = {
  'request-uri': (run) => ofUri(run.requestUri),
  to: (run) => ofUri(run.message.toUri),
  from: (run) => ofUri(run.message.fromUri),
  credentials: ({ authorised }) => authorised && { user: authorised.user, domain: authorised.realm },
};

export function namedUser(text: string, uses: Pick<ScriptUses, 'variable'>): FindUser {
  const place = PLACES[text.toLowerCase()];
  if (place) return place;
  const variable = uses.variable(text);
  return (run) => {
    const value = variable?.read(run);
    return typeof value === 'string' ? ofUri(parseUri(value)) : undefined;
  };
}

export function checkNamedUser(text: string): string | undefined {
  return Object.hasOwn(PLACES, text.toLowerCase()) || isVariable(text)
    ? undefined
    : `must be "Request-URI", "To", "From", "Credentials" or a variable, but is "${text}"`;
}

function ofUri(uri: SipUri | undefined): NamedUser | undefined {
  return uri === undefined || uri.user === '' ? undefined : { user: unescapeUser(uri.user), domain: uri.host };
}
