/** What a message fails with: SMS_UNREACHABLE, SMS_REFUSED. */
import { GatehouseError } from '../../platform/errors.ts';
import { isThrottled, statusText } from './status.ts';

/** `peer`: host and port. */
export function unreachable(peer: string, why: string, hint?: string): GatehouseError {
  return new GatehouseError('SMS_UNREACHABLE', `${peer}: ${why}`, {
    hint: hint ?? 'is this an SMPP gateway, is it up, and does it let our address in?',
  });
}

/** `what` it did: `did not take the message`. */
export function refused(peer: string, what: string, status: number): GatehouseError {
  return new GatehouseError('SMS_REFUSED', `${peer} ${what}: ${statusText(status)}`, {
    hint: isThrottled(status)
      ? 'ask the operator of the gateway for a higher rate, or give a smaller window'
      : 'compare the configuration with what the operator of the gateway gave you',
  });
}
