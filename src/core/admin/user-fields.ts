/** What an administrator may give a user. Errors: PASSWORD_EMPTY, PASSWORD_TOO_LONG, MOBILE_INVALID, RPID_INVALID. */
import { GatehouseError } from '../../platform/errors.ts';

const MAX_PASSWORD = 512;
/** As the column in OpenSER's table, twice over. */
const MAX_RPID = 128;

export function checkPassword(password: string): void {
  if (password === '') throw new GatehouseError('PASSWORD_EMPTY', 'a password must not be empty');
  if (password.length <= MAX_PASSWORD) return;
  throw new GatehouseError('PASSWORD_TOO_LONG', `a password has at most ${MAX_PASSWORD} characters`);
}

/** As people write numbers; which of them can be sent to is for the provider to say. */
export function checkMobile(mobile: string): void {
  if (/^(?:\+?[\d ()/.-]{2,40})?$/.test(mobile) && (mobile === '' || /\d\D*\d/.test(mobile))) return;
  throw new GatehouseError('MOBILE_INVALID', `${JSON.stringify(mobile.slice(0, 80))} is no telephone number`, {
    hint: 'write it with its country: +12025550100',
  });
}

/** Goes into a header line, as it stands. */
export function checkRpid(rpid: string): void {
  if (rpid.length <= MAX_RPID && !/[\u0000-\u001f\u007f-\u009f]/.test(rpid)) return;
  const message = `a Remote-Party-ID has at most ${MAX_RPID} characters, none of them a line end`;
  throw new GatehouseError('RPID_INVALID', message, { hint: 'write it like sip:+12025550100@example.com' });
}
