/**
 * Tokens of a LinOTP database as Gatehouse takes them: what stands in the row of a table `Token`, and the realms that it is in.
 *
 * Seeds are encrypted as text in hexadecimal digits. A PIN is SHA-256 over PIN and salt (column LinOtpSeed), or, after `@@`, encrypted.
 * Errors: LINOTP_TOKEN, LINOTP_VALUE.
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { HashName, TokenImport, TokenType } from '../tokens/types.ts';
import type { EncKey } from './enc-key.ts';

/** Columns of LinOTP 2 and later, in the order of `LinotpRow.cells`. */
export const LINOTP_COLUMNS = [
  'LinOtpTokenSerialnumber',
  'LinOtpTokenType',
  'LinOtpTokenDesc',
  'LinOtpTokenInfo',
  'LinOtpIdResClass',
  'LinOtpUserid',
  'LinOtpSeed',
  'LinOtpPinHash',
  'LinOtpKeyIV',
  'LinOtpKeyEnc',
  'LinOtpOtpLen',
  'LinOtpMaxFail',
  'LinOtpIsactive',
  'LinOtpFailCount',
  'LinOtpCount',
  'LinOtpCountWindow',
  'LinOtpSyncWindow',
] as const;

export interface LinotpRow {
  readonly cells: readonly (string | null)[];
  readonly realms: readonly string[];
}

/** A LinOTP database, open for reading. Errors: LINOTP_DATABASE. */
export interface LinotpDatabase {
  tokens(): AsyncIterable<readonly LinotpRow[]>;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, TokenType>> = { hmac: 'hmac', hotp: 'hmac', totp: 'totp', sms: 'sms' };
const HASHES: readonly string[] = ['sha1', 'sha256', 'sha512'] satisfies HashName[];

export function serialOf({ cells }: LinotpRow): string {
  return cells[0]?.trim() ?? '';
}

/** `resolvers`: other names of resolvers here, by those that LinOTP has. */
export function tokenOfLinotp(row: LinotpRow, key: EncKey, resolvers: ReadonlyMap<string, string>): TokenImport {
  const texts = row.cells.map((cell) => cell?.trim() ?? '');
  const [serial = '', typeText = '', description = '', infoText = '', resClass = '', id = ''] = texts;
  const [salt = '', pin = '', iv = '', seed = ''] = texts.slice(6);
  const type = Object.hasOwn(TYPES, typeText.toLowerCase()) ? TYPES[typeText.toLowerCase()] : undefined;
  if (type === undefined) throw unfit(`tokens of type ${JSON.stringify(typeText.slice(0, 40))} are not known here`);
  const info = infoOf(infoText);
  const count = (name: string, otherwise: number) => whole(info[name], otherwise);
  const [otpLength, maxFailCount, active, failCount, counter, countWindow, syncWindow] = texts.slice(10);
  const resolver = resClass.slice(resClass.lastIndexOf('.') + 1);
  return {
    serial,
    type,
    description,
    phone: String(info.phone ?? ''),
    ...(id === '' ? {} : { owner: { source: resolvers.get(resolver) ?? resolver, id } }),
    realms: row.realms.map((realm) => realm.toLowerCase()),
    seed: seedOf(key.open(iv, seed)),
    ...pinOf(pin, salt, key),
    hash: hashOf(info.hashlib),
    active: /^(?:1|t|true)$/i.test(active ?? ''),
    otpLength: whole(otpLength, 6),
    maxFailCount: whole(maxFailCount, 10),
    failCount: whole(failCount, 0),
    counter: whole(counter, 0),
    countWindow: whole(countWindow, 10),
    syncWindow: whole(syncWindow, 1000),
    timeStep: count('timeStep', 30),
    timeWindow: count('timeWindow', 180),
    timeShift: count('timeShift', 0),
    countAuth: count('count_auth', 0),
    countAuthMax: count('count_auth_max', 0),
    countAuthSuccess: count('count_auth_success', 0),
    countAuthSuccessMax: count('count_auth_success_max', 0),
    validFrom: timeOf(info.validity_period_start),
    validUntil: timeOf(info.validity_period_end),
  };
}

/** MS SQL gives a blank for an empty text; what is no object says nothing. */
function infoOf(text: string): Readonly<Record<string, unknown>> {
  if (text === '') return {};
  try {
    const info: unknown = JSON.parse(text);
    return typeof info === 'object' && info !== null ? (info as Record<string, unknown>) : {};
  } catch {
    throw unfit('LinOtpTokenInfo is no JSON');
  }
}

function seedOf(text: Buffer): string {
  const seed = text.toString('latin1').trim().toLowerCase();
  if (/^(?:[0-9a-f]{2})+$/.test(seed)) return seed;
  throw unfit('the seed is not in hexadecimal digits');
}

function pinOf(pin: string, salt: string, key: EncKey): Pick<TokenImport, 'pin' | 'pinHash'> {
  if (pin === '') return {};
  if (!pin.startsWith('@@')) return { pinHash: { salt, hash: pin } };
  const [iv = '', data = ''] = Buffer.from(pin.slice(2), 'hex').toString('latin1').split(':');
  return { pin: key.open(iv, data).toString('utf8') };
}

function hashOf(name: unknown): HashName {
  const hash = String(name ?? 'sha1').toLowerCase();
  if (HASHES.includes(hash)) return hash as HashName;
  throw unfit(`the hash ${JSON.stringify(hash.slice(0, 40))} is not known here`);
}

function whole(value: unknown, otherwise: number): number {
  const number = Math.trunc(Number(value ?? ''));
  return value === undefined || value === '' || value === null || !Number.isSafeInteger(number) ? otherwise : number;
}

/** `31/12/26 23:59`, in the zone of the server; 0: none. */
function timeOf(value: unknown): number {
  if (value === undefined || value === null || value === '') return 0;
  const [, day, month, year, hour, minute] = /^(\d\d)\/(\d\d)\/(\d\d) (\d\d):(\d\d)$/.exec(String(value)) ?? [];
  if (minute === undefined) throw unfit('a time of the validity period cannot be read');
  return new Date(2000 + Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)).getTime();
}

function unfit(why: string): GatehouseError {
  return new GatehouseError('LINOTP_TOKEN', why);
}
