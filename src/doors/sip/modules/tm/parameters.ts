/** tm's parameters (SER 0.9 and OpenSER 1.3), and what they mean here. The scripts give seconds. */
import type { RelayTimers } from '../../run.ts';
import type { ParameterSpec, ParameterValues } from '../../script/types.ts';
import { avpName } from '../../script/values/avp-variables.ts';
import type { AvpList, AvpName } from '../../script/values/avps.ts';
import { flag } from '../value-checks.ts';

const NO_EFFECT = 'Accepted without effect: ';

function seconds(name: string, fallback: number, min: number, max: number, describe: string): ParameterSpec {
  const check = (value: string | number) =>
    Number(value) >= min && Number(value) <= max
      ? undefined
      : `must be a number from ${min} to ${max}, but is ${value}`;
  return { name, type: 'int', default: fallback, describe, check };
}

function onOff(name: string, fallback: number, describe: string): ParameterSpec {
  return { name, type: 'int', default: fallback, describe, check: flag };
}

function ignored(name: string, type: 'int' | 'string', why: string): ParameterSpec {
  return { name, type, default: null, describe: NO_EFFECT + why };
}

function avp(name: string, timer: string): ParameterSpec {
  const describe = `The AVP whose value, in seconds, takes the place of ${timer} for one request.`;
  const check = (value: string | number) =>
    avpOf(String(value)) === undefined ? `must be an AVP like $avp(i:24), but is "${value}"` : undefined;
  return { name, type: 'string', default: null, describe, check };
}

/** `$avp(i:24)` or `i:24`. */
function avpOf(text: string): AvpName | undefined {
  return avpName(/^\$avp\((.*)\)$/.exec(text)?.[1] ?? text, NO_ALIASES);
}

const NO_ALIASES: ReadonlyMap<string, string> = new Map();
const RFC_TIMERS = 'the transaction timers are those of RFC 3261.';

export const TM_PARAMETERS: readonly ParameterSpec[] = [
  seconds('fr_timer', 30, 1, 600, 'Seconds until the next hop must have answered, an INVITE provisionally; then 408.'),
  seconds('fr_inv_timer', 120, 1, 3600, 'Seconds an INVITE may ring; then it is cancelled and answered 408.'),
  onOff('restart_fr_on_each_reply', 1, 'Whether each provisional response starts fr_inv_timer again.'),
  ignored('wt_timer', 'int', RFC_TIMERS),
  ignored('delete_timer', 'int', RFC_TIMERS),
  ignored('retr_timer1p1', 'int', RFC_TIMERS),
  ignored('retr_timer1p2', 'int', RFC_TIMERS),
  ignored('retr_timer1p3', 'int', RFC_TIMERS),
  ignored('retr_timer2', 'int', RFC_TIMERS),
  ignored('T1_timer', 'int', RFC_TIMERS),
  ignored('T2_timer', 'int', RFC_TIMERS),
  ignored('noisy_ctimer', 'int', 'the caller always gets the 408.'),
  ignored('ruri_matching', 'int', 'requests are matched as RFC 3261 section 17.2.3 says.'),
  ignored('via1_matching', 'int', 'requests are matched as RFC 3261 section 17.2.3 says.'),
  ignored('unix_tx_timeout', 'int', 'there is no unix socket of this kind.'),
  ignored('tw_append', 'string', 'there is no unix socket of this kind.'),
  avp('fr_timer_avp', 'fr_timer'),
  avp('fr_inv_timer_avp', 'fr_inv_timer'),
  ignored('pass_provisional_replies', 'int', 'provisional responses always pass.'),
];

export function relayTimers(values: ParameterValues): RelayTimers {
  return {
    response: Number(values.fr_timer) * 1000,
    invite: Number(values.fr_inv_timer) * 1000,
    restart: values.restart_fr_on_each_reply === 1,
    responseAvp: typeof values.fr_timer_avp === 'string' ? avpOf(values.fr_timer_avp) : undefined,
    inviteAvp: typeof values.fr_inv_timer_avp === 'string' ? avpOf(values.fr_inv_timer_avp) : undefined,
  };
}

/** The timers of a request whose script has set AVPs. */
export function timersFor(avps: AvpList, timers: RelayTimers): RelayTimers {
  const { responseAvp, inviteAvp } = timers;
  if (responseAvp === undefined && inviteAvp === undefined) return timers;
  return {
    ...timers,
    response: seconds(responseAvp, timers.response, 600),
    invite: seconds(inviteAvp, timers.invite, 3600),
  };

  function seconds(name: AvpName | undefined, preset: number, most: number): number {
    const value = name === undefined ? Number.NaN : Number(avps.first(name));
    return value >= 1 && value <= most ? value * 1000 : preset;
  }
}
