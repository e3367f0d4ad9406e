/**
 * A new token of what /admin/init says: its values checked, its seed made or read, PIN and seed put away.
 *
 * Errors: TOKEN_INVALID, with the field.
 */
import { randomBytes } from 'node:crypto';
import { GatehouseError } from '../../platform/errors.ts';
import type { Person } from '../realms/types.ts';
import type { Keyring } from '../secrets/keyring.ts';
import type { Pins } from './pins.ts';
import { numberOf } from './system-config.ts';
import { seedSeal, type Token } from './token.ts';
import type { EnrolRequest, HashName, SystemConfig, TokenChange, TokenType } from './types.ts';

export const PREFIX: Readonly<Record<TokenType, string>> = { sms: 'LSSM', hmac: 'LSHO', totp: 'LSTO' };

/** Bytes of a seed, as long as the hash. */
const KEY_SIZE: Readonly<Record<HashName, number>> = { sha1: 20, sha256: 32, sha512: 64 };
const ALL = 2_147_483_647;

/** The least and the most that a field may be. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  maxFailCount: [0, ALL],
  countWindow: [1, 1_000],
  syncWindow: [1, 10_000],
  timeWindow: [1, 86_400],
  timeStep: [1, 86_400],
  timeShift: [-31_536_000, 31_536_000],
  countAuth: [0, ALL],
  countAuthMax: [0, ALL],
  countAuthSuccess: [0, ALL],
  countAuthSuccessMax: [0, ALL],
  validFrom: [0, 253_402_300_799_999],
  validUntil: [0, 253_402_300_799_999],
};
/** The longest text of a field. */
const LENGTHS = { phone: 64, description: 250, pin: 256 } as const;
const MAX_REALMS = 20;

export interface EnrolParts {
  readonly keyring: Keyring;
  readonly pins: Pins;
  readonly config: SystemConfig;
}

/** The token and, where it was made here, its seed in hex. */
export function newToken(
  parts: EnrolParts,
  request: EnrolRequest,
  serial: string,
  now: number,
): [Token, string | undefined] {
  const { config, keyring, pins } = parts;
  const { type, hash = 'sha1', phone = '', pin = '', description = '', owner } = request;
  if (!Object.hasOwn(PREFIX, type)) throw invalid('type', 'is hmac, totp or sms');
  if (!/^[A-Za-z0-9_.@-]{1,64}$/.test(serial)) throw invalid('serial', 'has 1 to 64 letters, digits and _ . @ -');
  if (!Object.hasOwn(KEY_SIZE, hash)) throw invalid('hash', 'is sha1, sha256 or sha512');
  if (type === 'sms' && phone.trim() === '') throw invalid('phone', 'is wanted for a token of type sms');
  const seed = request.seed ?? randomBytes(sizeOf(request.keySize ?? KEY_SIZE[hash])).toString('hex');
  if (!/^(?:[0-9a-fA-F]{2}){10,128}$/.test(seed)) throw invalid('seed', 'is 10 to 128 bytes in hex');
  const otpLength = request.otpLength ?? numberOf(config, ['DefaultOtpLen'], 6);
  const realms = realmsOf(request.realms ?? [], owner);
  const timeStep = request.timeStep ?? 30;
  checkChange({ phone, pin, description, otpLength, timeStep });
  const token: Token = {
    serial,
    type,
    owner: owner ? ownerOf(owner) : null,
    realms,
    description,
    phone,
    active: true,
    counter: 0,
    failCount: 0,
    maxFailCount: numberOf(config, ['DefaultMaxFailCount'], 10),
    countWindow: numberOf(config, ['DefaultCountWindow'], 10),
    syncWindow: numberOf(config, ['DefaultSyncWindow'], 1000),
    otpLength,
    hash,
    timeStep,
    timeWindow: 180,
    timeShift: 0,
    countAuth: 0,
    countAuthMax: 0,
    countAuthSuccess: 0,
    countAuthSuccessMax: 0,
    validFrom: 0,
    validUntil: 0,
    sentUntil: 0,
    created: now,
    lastMatch: 0,
    lastSuccess: 0,
    pin: pins.keep(pin, serial),
    seed: Buffer.from(keyring.seal(seed.toLowerCase(), seedSeal(serial))).toString('base64url'),
    sentCounter: -1,
    lockedAt: 0,
    syncCounter: -1,
    syncUntil: 0,
  };
  return [token, request.seed === undefined ? seed : undefined];
}

export function openSeed(keyring: Pick<Keyring, 'open'>, { serial, seed }: Token): Buffer {
  return Buffer.from(keyring.open(Buffer.from(seed, 'base64url'), seedSeal(serial)), 'hex');
}

export function ownerOf({ source, id, login }: Person): NonNullable<Token['owner']> {
  return { source, id, login };
}

/** In lower case, each once. */
export function realmsOf(realms: readonly string[], owner?: Person): string[] {
  const all = owner && owner.realm !== '' ? [owner.realm, ...realms] : realms;
  const names = [...new Set(all.map((realm) => realm.toLowerCase()))];
  if (names.length > MAX_REALMS || names.some((name) => !/^[^\s,]{1,48}$/.test(name)))
    throw invalid('realms', `are at most ${MAX_REALMS} names of 1 to 48 characters without blanks and commas`);
  return names;
}

/** Errors: TOKEN_INVALID. */
export function checkChange(change: TokenChange): void {
  for (const [field, value] of Object.entries(change)) {
    const range = RANGES[field];
    if (range && !(Number.isSafeInteger(value) && value >= range[0] && value <= range[1]))
      throw invalid(field, `is a whole number from ${range[0]} to ${range[1]}`);
    const longest = (LENGTHS as Readonly<Record<string, number>>)[field];
    if (longest !== undefined && ((value as string).length > longest || /[\p{Cc}]/u.test(value as string)))
      throw invalid(field, `has at most ${longest} characters, none of them a control character`);
  }
  if (change.otpLength !== undefined && change.otpLength !== 6 && change.otpLength !== 8)
    throw invalid('otpLength', 'is 6 or 8');
  if (change.hash !== undefined && !Object.hasOwn(KEY_SIZE, change.hash))
    throw invalid('hash', 'is sha1, sha256 or sha512');
}

/** What authenticator programs read from a QR code. */
export function otpauthUri(token: Token, seed: string): string {
  const { type, serial, hash, otpLength, counter, timeStep } = token;
  const moving = type === 'totp' ? `&period=${timeStep}` : `&counter=${counter}`;
  const label = encodeURIComponent(`Gatehouse:${serial}`);
  const secret = base32(Buffer.from(seed, 'hex'));
  const kind = type === 'totp' ? 'totp' : 'hotp';
  return `otpauth://${kind}/${label}?secret=${secret}&issuer=Gatehouse&algorithm=${hash.toUpperCase()}&digits=${otpLength}${moving}`;
}

function sizeOf(bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes >= 10 && bytes <= 128) return bytes;
  throw invalid('keySize', 'is a whole number from 10 to 128');
}

/** RFC 4648 section 6, without padding. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const fives = bits.match(/.{1,5}/g) ?? [];
  return fives.map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

function invalid(field: string, rule: string): GatehouseError {
  return new GatehouseError('TOKEN_INVALID', `${field}: ${rule}`);
}
