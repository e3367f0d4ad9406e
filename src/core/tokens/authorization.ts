/**
 * LinOTP's scope authorization, of users who name themselves (a call by serial or transaction is not asked about): `authorize` before a
 * proof is looked at, `tokentype` and `serial` after it was right. What was proven then is used up all the same.
 */
import type { Asker } from '../policy/linotp/conditions.ts';
import { compileRegExp } from '../policy/linotp/name-pattern.ts';
import type { ActionPolicy } from '../policy/policy.ts';
import type { Token } from './token.ts';

/** May the user come in from here? Where a policy names `authorize`, one has to be about him. */
export function mayKnock(policy: ActionPolicy, asker: Asker): boolean {
  return policy.permits('authorization', 'authorize', asker).allowed;
}

/** Why the token is not good for this user, in LinOTP's words; undefined: it is. */
export function forbidden(policy: ActionPolicy, asker: Asker, { type, serial }: Token): string | undefined {
  const types = policy.actionValue('authorization', 'tokentype', asker)?.value.map((one) => one.toLowerCase()) ?? [];
  if (types.length > 0 && !types.includes('*') && !types.includes(type))
    return 'failed due to authorization/tokentype policy';
  const pattern = policy.actionValue('authorization', 'serial', asker)?.value;
  // From the start on, as LinOTP looks for it.
  if (pattern !== undefined && !compileRegExp(`^(?:${pattern})`)(serial))
    return 'failed due to authorization/serial policy';
  return undefined;
}
