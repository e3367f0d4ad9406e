/** /admin/init: a token is made, or made anew. Errors: OTP_PARAMETER, OTP_TOKEN_TYPE, those of personOf, require and TokenDesk. */
import type { Enrolled, EnrolRequest, HashName, TokenType } from '../../../core/tokens/types.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import type { Caller, Outcome } from '../call.ts';
import { type Fields, isOn, parameterError, wholeNumber } from '../fields.ts';
import type { Json } from '../reply.ts';
import { personOf, type TokenParts } from './target.ts';

const TYPES: Readonly<Record<string, TokenType>> = { sms: 'sms', hmac: 'hmac', hotp: 'hmac', totp: 'totp' };
const HASHES: readonly string[] = ['sha1', 'sha256', 'sha512'] satisfies HashName[];

export async function enrol(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const type = tokenType(fields.get('type') ?? 'hmac');
  const owner = await personOf(fields, parts.realms);
  const realms = listOf(fields.get('tokenrealm'));
  const serial = fields.get('serial');
  const before = serial ? await parts.tokens.show(serial) : undefined;
  const action = `init${type.toUpperCase()}`;
  const places = [...(owner ? [owner.realm] : []), ...realms];
  if (places.length === 0) caller.require('admin', action, []);
  for (const place of places) caller.require('admin', action, [place]);
  // What is there is taken from those who have it.
  if (before) caller.require('admin', action, before.realms);
  const randomPin = parts.tokens.randomPin(owner);
  const request: EnrolRequest = {
    type,
    ...(serial ? { serial } : {}),
    ...(owner ? { owner } : {}),
    ...(realms.length > 0 ? { realms } : {}),
    ...texts(fields, 'phone', 'pin', 'description'),
    ...(randomPin === undefined ? {} : { pin: randomPin }),
    ...seedOf(fields, type),
    ...numbers(fields, { otplen: 'otpLength', key_size: 'keySize', timeStep: 'timeStep' }),
    ...(fields.get('hashlib') ? { hash: hashName(fields.get('hashlib')!) } : {}),
  };
  if (type === 'sms' && !request.phone) throw parameterError("Missing parameter: 'phone'");
  const made = await parts.tokens.enrol(request, caller.by);
  return {
    value: true,
    detail: { serial: made.serial, ...(randomPin === undefined ? {} : { pin: randomPin }), ...deviceSecrets(made) },
  };
}

/** Of a device whose seed was made here: shown this once. */
export function deviceSecrets({ seed, uri = '' }: Enrolled): Record<string, Json> {
  return seed === undefined ? {} : { otpkey: { value: `seed://${seed}` }, googleurl: { value: uri } };
}

export function tokenType(text: string): TokenType {
  const type = Object.hasOwn(TYPES, text.toLowerCase()) ? TYPES[text.toLowerCase()] : undefined;
  if (type) return type;
  throw new GatehouseError('OTP_TOKEN_TYPE', `unknown token type ${JSON.stringify(text.slice(0, 40))}`, {
    hint: `the types are: ${Object.keys(TYPES).join(', ')}`,
  });
}

/** An sms token makes its own where none is given; others make one only when they are asked to. */
export function seedOf(fields: Fields, type: TokenType): { seed?: string } {
  const seed = fields.get('otpkey');
  if (seed && !isOn(fields, 'genkey')) return { seed };
  if (type === 'sms' || isOn(fields, 'genkey')) return {};
  throw parameterError("Missing parameter: 'otpkey'");
}

export function hashName(text: string): HashName {
  const name = text.toLowerCase();
  if (HASHES.includes(name)) return name as HashName;
  throw parameterError(`hashlib must be one of ${HASHES.join(', ')}`);
}

export function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

export function texts<Name extends string>(fields: Fields, ...names: Name[]): { [One in Name]?: string } {
  const given = names.flatMap((name) => (fields.has(name) ? [[name, fields.get(name)]] : []));
  return Object.fromEntries(given) as { [One in Name]?: string };
}

export function numbers<Name extends string>(
  fields: Fields,
  names: Readonly<Record<string, Name>>,
): { [One in Name]?: number } {
  const given = Object.entries(names).flatMap(([field, name]) => {
    const value = wholeNumber(fields, field);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given) as { [One in Name]?: number };
}
