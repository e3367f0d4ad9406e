/**
 * The rarer calls of /admin: a token that is found by a value, a lost one that is replaced, a PIN that is copied, a list that is imported.
 *
 * Errors: OTP_PARAMETER, OTP_USER, those of tokenFor and TokenDesk.
 */
import type { EnrolRequest } from '../../../core/tokens/types.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import type { Caller, Outcome } from '../call.ts';
import { type Fields, parameterError, requiredField } from '../fields.ts';
import { readOathCsv } from './oath-csv.ts';
import { type TokenParts, tokenFor } from './target.ts';

const DAY_MS = 86_400_000;
const LOST_DAYS = 10;
/** Made at once: one commit for all of them. */
const AT_ONCE = 50;

/** `otp`, and where to look: `type`, `realm`, `assigned` (1 or 0). */
export async function serialByOtp(fields: Fields, caller: Caller, { tokens }: TokenParts): Promise<Outcome> {
  const otp = requiredField(fields, 'otp');
  const [type, realm, assigned] = [fields.get('type')?.toLowerCase(), fields.get('realm'), fields.get('assigned')];
  caller.require('admin', 'getserial', realm ? [realm] : []);
  if (type && type !== 'hmac' && type !== 'totp') throw parameterError('type must be one of hmac, totp');
  const found = await tokens.findByOtp(otp, {
    ...(type ? { type: type as 'hmac' | 'totp' } : {}),
    ...(realm ? { realm: realm.toLowerCase() } : {}),
    ...(assigned ? { assigned: assigned === '1' } : {}),
  });
  if (found.length > 1) throw parameterError(`the value fits ${found.length} tokens: ask again with the next one`);
  const [token] = found;
  return {
    value: {
      success: token !== undefined,
      serial: token?.serial ?? '',
      user_login: token?.owner?.login ?? '',
      user_resolver: token?.owner?.source ?? '',
    },
  };
}

export async function copyPin(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const [from, to] = await Promise.all(
    ['from', 'to'].map((name) => {
      const serial = requiredField(fields, name);
      return tokenFor(new Map([['serial', serial]]), 'copytokenpin', caller, parts);
    }),
  );
  await parts.tokens.copyPin(from!.serial, to!.serial, caller.by);
  return { value: true };
}

/** Until the new device is there: codes go to the person's telephone, with the PIN of the lost token, which is turned off. */
export async function lostToken(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const { tokens, realms, policy, clock } = parts;
  const { serial: lost, owner, realms: places } = await tokenFor(fields, 'losttoken', caller, parts);
  const person = owner && (await realms.findById(owner.source, owner.id, places[0]));
  if (!person) throw new GatehouseError('OTP_USER', `the token ${lost} has no owner`);
  const phone = person.attributes.mobile;
  if (!phone) {
    throw new GatehouseError(
      'OTP_USER',
      `the owner of ${lost} has no mobile number, and a lost token is replaced by SMS`,
      {
        hint: 'set the number at his source: gatehouse user set, or the attribute mobile of the resolver',
      },
    );
  }
  const now = clock.now();
  const asker = { name: person.login, realm: person.realm, resolver: person.source, time: new Date(now) };
  const days = Number(policy.actionValue('enrollment', 'lostTokenValid', asker)?.value ?? LOST_DAYS);
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    throw parameterError('the policy lostTokenValid must be a number of days');
  const end = new Date(now + days * DAY_MS);
  end.setHours(23, 59, 0, 0);
  const made = await tokens.enrol({ type: 'sms', serial: `lost${lost}`, owner: person, phone }, caller.by);
  await tokens.copyPin(lost, made.serial, caller.by);
  await tokens.set({ serial: made.serial }, { validUntil: end.getTime() }, caller.by);
  const disable = await tokens.disable({ serial: lost }, caller.by);
  const two = (number: number) => String(number % 100).padStart(2, '0');
  const end_date = `${two(end.getDate())}/${two(end.getMonth() + 1)}/${two(end.getFullYear())} 23:59`;
  return { value: { serial: made.serial, end_date, init: true, setPin: 1, user: true, disable } };
}

/** `type=oathcsv` and `file`. All lines are read before the first token is made. */
export async function loadTokens(fields: Fields, caller: Caller, { tokens }: TokenParts): Promise<Outcome> {
  const type = requiredField(fields, 'type').toLowerCase();
  if (type !== 'oathcsv' && type !== 'oath csv')
    throw parameterError('type must be oathcsv: no other list of tokens is read here');
  const realm = fields.get('realm')?.trim().toLowerCase();
  caller.require('admin', 'import', realm ? [realm] : []);
  const requests = readOathCsv(requiredField(fields, 'file')).map(
    (one): EnrolRequest => ({ ...one, ...(realm ? { realms: [realm] } : {}) }),
  );
  for (let i = 0; i < requests.length; i += AT_ONCE)
    await Promise.all(requests.slice(i, i + AT_ONCE).map((request) => tokens.enrol(request, caller.by)));
  return { value: { value: true, imported: requests.length } };
}
