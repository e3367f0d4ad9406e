/** tm's parameters (SER 0.9 and OpenSER 1.3), and what they mean here. The scripts give seconds. */
import type { ParameterSpec, ParameterValues } from '../../script/types.ts';
import type { RelayTimers } from '../../services.ts';
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
  ignored('fr_timer_avp', 'string', 'there are no AVPs yet.'),
  ignored('fr_inv_timer_avp', 'string', 'there are no AVPs yet.'),
  ignored('pass_provisional_replies', 'int', 'provisional responses always pass.'),
];

export function relayTimers(values: ParameterValues): RelayTimers {
  return {
    response: Number(values.fr_timer) * 1000,
    invite: Number(values.fr_inv_timer) * 1000,
    restart: values.restart_fr_on_each_reply === 1,
  };
}
