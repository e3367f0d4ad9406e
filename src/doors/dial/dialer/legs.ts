/**
 * The calls of one connection: the one that is dialled, and the call back.
 *
 * Waiting for the call back is a state of its own: the line may be lost, and is given back to the modem; RING is answered, or, where the
 * modem was told to answer by itself, CONNECT is waited for. There is one call back in a connection.
 *
 * Errors: DIAL_BUSY, DIAL_UNANSWERED, DIAL_NO_TONE, DIAL_REFUSED, DIAL_NO_CALLBACK, DIAL_CANCELLED, those of the modem.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { GatehouseError } from '../../../platform/errors.ts';
import type { Call, DialResult, Modem } from '../modem/types.ts';
import type { CallPlan } from './plan.ts';

export interface LegParts {
  readonly plan: CallPlan;
  readonly modem: Modem;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

type Failure = Exclude<DialResult['kind'], 'connected'>;

const SAID: Readonly<Record<Failure, string>> = {
  busy: 'busy',
  'no carrier': 'no modem answered',
  'no answer': 'nobody answered',
  'timed out': 'nobody answered in time',
  'no dialtone': 'there is no dial tone',
  error: 'the modem did not take the dial string',
  glare: 'somebody called at the same moment',
  cancelled: 'broken off',
};
const NOBODY: ReadonlySet<Failure> = new Set(['no carrier', 'no answer', 'timed out']);

/** The numbers one after the other, again and again while they are busy. */
export async function dialOut({ plan, modem, signal, progress }: LegParts): Promise<Call> {
  const { numbers, dial_prefix, redials, redial_no_carrier } = plan.settings;
  const { timeout_seconds, busy_wait_seconds } = plan.modem;
  for (let attempt = 0; ; attempt++) {
    const number = numbers[attempt % numbers.length]!;
    progress(`dialling ${number}`);
    const result = await modem.dial(dial_prefix + number, { timeoutMs: timeout_seconds * 1000, signal });
    if (result.kind === 'connected') {
      progress(`connected${result.call.speed === undefined ? '' : ` at ${result.call.speed} bit/s`}`);
      return result.call;
    }
    const again = result.kind === 'busy' || (redial_no_carrier && NOBODY.has(result.kind));
    if (!again || attempt >= redials || signal.aborted)
      throw failed(number, signal.aborted ? 'cancelled' : result.kind, attempt);
    progress(`${number}: ${SAID[result.kind]}${busy_wait_seconds ? `; next try in ${busy_wait_seconds} s` : ''}`);
    await delay(busy_wait_seconds * 1000, undefined, { signal }).catch(() => {});
  }
}

function failed(number: string, kind: Failure, attempt: number): GatehouseError {
  const text = `${number}: ${SAID[kind]}${attempt === 0 ? '' : `, after ${attempt + 1} tries`}`;
  switch (kind) {
    case 'busy':
      return new GatehouseError('DIAL_BUSY', text);
    case 'no dialtone':
      return new GatehouseError('DIAL_NO_TONE', text, {
        hint: 'where a PBX has no dial tone: wait_for_dial_tone=false for the modem',
      });
    case 'error':
    case 'glare':
      return new GatehouseError('DIAL_REFUSED', text);
    case 'cancelled':
      return new GatehouseError('DIAL_CANCELLED', text);
    default:
      return new GatehouseError('DIAL_UNANSWERED', text);
  }
}

/** When the call has ended: the one that comes within the time. */
export async function callBack({ plan, modem, signal, progress }: LegParts, before: Call): Promise<Call> {
  const { callback_seconds, callback_from } = plan.settings;
  const end = performance.now() + callback_seconds * 1000;
  const left = () => Math.max(0, Math.ceil(end - performance.now()));
  await over(before, AbortSignal.any([signal, AbortSignal.timeout(callback_seconds * 1000)]));
  if (signal.aborted) throw broken();
  if (!before.ended.aborted) throw none('the other side did not hang up');
  await modem.hangUp();
  progress('the other side hung up; waiting for the call back');
  while (left() > 0 && !signal.aborted) {
    const result =
      plan.callBack === 'by itself' ? await modem.waitForConnect({ timeoutMs: left(), signal }) : await pickUp();
    if (result?.kind === 'connected') {
      progress('called back');
      return result.call;
    }
    if (result === undefined || result.kind === 'timed out') break;
  }
  if (signal.aborted) throw broken();
  throw none(`nobody called back within ${callback_seconds} s`);

  async function pickUp(): Promise<DialResult | undefined> {
    // Who calls is told between the first ring and the second.
    const rings = callback_from.length > 0 ? 2 : 1;
    const ring = await modem.waitForRing({ timeoutMs: left(), rings, signal });
    if (ring === undefined) return undefined;
    const isOther = callback_from.length > 0 && !callback_from.includes(ring.callerId ?? '');
    if (!isOther) {
      progress(`RING${ring.callerId === undefined ? '' : ` from ${ring.callerId}`}`);
      return modem.answer({ timeoutMs: plan.modem.timeout_seconds * 1000, signal });
    }
    progress(`RING from ${ring.callerId ?? 'an unknown number'} is not answered`);
    await delay(Math.min(left(), 1000), undefined, { signal }).catch(() => {});
    return { kind: 'no answer' };
  }
}

function over({ ended }: Call, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ended.aborted || signal.aborted) return resolve();
    ended.addEventListener('abort', () => resolve(), { once: true });
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function none(text: string): GatehouseError {
  return new GatehouseError('DIAL_NO_CALLBACK', text, {
    hint: 'a longer wait is set with callback_seconds; is this the number that the other side has?',
  });
}

function broken(): GatehouseError {
  return new GatehouseError('DIAL_CANCELLED', 'broken off while waiting for the call back');
}
