/** What auth's parameters mean to every module that authenticates: one set of settings for one set of parameters. */
import type { ParameterValues } from '../../script/types.ts';
import type { Services } from '../../services.ts';
import { Lasting } from '../lasting.ts';
import type { DigestCounters } from './counters.ts';
import type { DigestRuleBook } from './digest-rules.ts';
import { Nonces } from './nonce.ts';

export interface AuthSettings {
  readonly nonces: Nonces;
  /** Taken off a realm that is found out from the request; '' = nothing. */
  readonly realmPrefix: string;
  readonly rules: DigestRuleBook;
  readonly counters: DigestCounters;
}

/** Milliseconds since the epoch: since then it is known which counts were used with a nonce. */
const countedSince = new Lasting(({ clock }) => clock.now());
const made = new WeakMap<ParameterValues, AuthSettings>();

export function authSettings(parameters: ParameterValues, services: Services): AuthSettings {
  let settings = made.get(parameters);
  if (settings === undefined) {
    settings = read(parameters, services);
    made.set(parameters, settings);
  }
  return settings;
}

/** Without a `secret` the key file gives one, so that nonces are known as ours after a restart. */
function read(parameters: ParameterValues, services: Services): AuthSettings {
  const secret = String(parameters.secret ?? '') || services.derive('sip nonce').toString('hex');
  return {
    nonces: new Nonces(secret, Number(parameters.nonce_expire), countedSince.of(services)),
    realmPrefix: String(parameters.realm_prefix ?? ''),
    rules: services.options.digest,
    counters: services.digestCounters,
  };
}
