/** What auth's parameters mean to every module that authenticates; made anew from them wherever it is needed. */
import type { ParameterValues } from '../../script/types.ts';
import type { Services } from '../../services.ts';
import { Nonces } from './nonce.ts';

export interface AuthSettings {
  readonly nonces: Nonces;
  /** Taken off a realm that is found out from the request; '' = nothing. */
  readonly realmPrefix: string;
}

/** Without a `secret` the key file gives one, so that nonces live on over a restart. */
export function authSettings(parameters: ParameterValues, services: Services): AuthSettings {
  const secret = String(parameters.secret ?? '') || services.derive('sip nonce').toString('hex');
  return {
    nonces: new Nonces(secret, Number(parameters.nonce_expire)),
    realmPrefix: String(parameters.realm_prefix ?? ''),
  };
}
