/**
 * Whom or what a call of administration is about: the person of `user`, `realm` and `resConf`, or the tokens of a person or of a serial; and
 * whether the administrator may touch them. Errors: OTP_PARAMETER, OTP_USER, OTP_FORBIDDEN, TOKEN_UNKNOWN, RESOLVER_UNAVAILABLE.
 */
import type { ActionPolicy } from '../../../core/policy/policy.ts';
import type { Person, Realms } from '../../../core/realms/types.ts';
import type { ChallengeDesk, TokenChoice, TokenDesk, TokenView } from '../../../core/tokens/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import type { Caller } from '../call.ts';
import { type Fields, parameterError, requiredField } from '../fields.ts';

export interface TokenParts {
  readonly tokens: TokenDesk;
  readonly realms: Realms;
  readonly challenges: ChallengeDesk;
  readonly policy: ActionPolicy;
  readonly clock: Clock;
}

/** Undefined: the call names nobody. */
export async function personOf(fields: Fields, realms: Realms): Promise<Person | undefined> {
  const user = fields.get('user');
  if (!user) return undefined;
  const { login, realm } = realms.split(user, fields.get('realm'));
  const person = await realms.find(login, realm);
  const source = resolverName(fields.get('resConf') ?? '');
  if (person && (source === '' || person.source === source)) return person;
  const where = source === '' ? `the realm ${JSON.stringify(realm)}` : `the resolver ${JSON.stringify(source)}`;
  throw new GatehouseError('OTP_USER', `no user ${JSON.stringify(login.slice(0, 80))} in ${where}`);
}

/** `useridresolver.PasswdIdResolver.IdResolver.NAME`, or the name alone. */
export function resolverName(text: string): string {
  return text.slice(text.lastIndexOf('.') + 1);
}

export interface Target {
  readonly which: TokenChoice;
  readonly person: Person | undefined;
}

/** The tokens that a call means, if the administrator may do `action` to them. */
export async function targetOf(fields: Fields, action: string, caller: Caller, parts: TokenParts): Promise<Target> {
  const serial = fields.get('serial');
  const person = await personOf(fields, parts.realms);
  if (!serial && !person) throw parameterError("Missing parameter: 'serial' or 'user'");
  if (serial) caller.require('admin', action, (await tokenOf(serial, parts)).realms);
  else caller.require('admin', action, [person!.realm]);
  return { which: { ...(serial ? { serial } : {}), ...(person ? { owner: person } : {}) }, person };
}

/** The one token of a call, if the administrator may do `action` to it. */
export async function tokenFor(fields: Fields, action: string, caller: Caller, parts: TokenParts): Promise<TokenView> {
  const token = await tokenOf(requiredField(fields, 'serial'), parts);
  caller.require('admin', action, token.realms);
  return token;
}

async function tokenOf(serial: string, { tokens }: TokenParts): Promise<TokenView> {
  const token = await tokens.show(serial);
  if (token) return token;
  throw new GatehouseError('TOKEN_UNKNOWN', `there is no token ${JSON.stringify(serial.slice(0, 80))}`);
}
