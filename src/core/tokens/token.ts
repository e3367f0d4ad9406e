/**
 * A token as it stands in memory and in its row (table gh_token). It is never changed: a change makes another one.
 *
 * The seed is sealed (core/secrets/keyring.ts) and bound to serial and field; the PIN is as pins.ts keeps it.
 */
import type { OwnTable, OwnValues } from '../journal/own-table.ts';
import type { TokenType, TokenView } from './types.ts';

export interface Token extends Omit<TokenView, 'pinSet'> {
  /** As pins.ts keeps it. */
  readonly pin: string;
  /** Sealed, base64url. */
  readonly seed: string;
  /** Counter of the value sent last; -1: none. */
  readonly sentCounter: number;
  /** When failures reached their limit; 0: they have not. */
  readonly lockedAt: number;
  /** The first of two values of an automatic resync, and until when the second is waited for; -1 and 0: none. */
  readonly syncCounter: number;
  readonly syncUntil: number;
}

export const TOKEN_TABLE: OwnTable = {
  name: 'gh_token',
  columns: [
    'serial',
    'type',
    'owner_source',
    'owner_id',
    'login',
    'realms',
    'phone',
    'description',
    'active',
    'counter',
    'fail_count',
    'pin',
    'seed',
    'settings',
    'created',
    'last_match',
    'last_success',
  ],
};

/** What a seed is sealed for. */
export function seedSeal(serial: string): string {
  return `token:${serial}:seed`;
}

export function viewOf(token: Token): TokenView {
  const { pin, seed: _seed, sentCounter: _sent, lockedAt: _at, syncCounter: _sync, syncUntil: _until, ...view } = token;
  return { ...view, pinSet: pin !== '' };
}

export function rowOf(token: Token): OwnValues {
  const { owner } = token;
  return [
    token.serial,
    token.type,
    owner?.source ?? '',
    owner?.id ?? '',
    owner?.login ?? '',
    realmsText(token.realms),
    token.phone,
    token.description,
    token.active ? 1 : 0,
    token.counter,
    token.failCount,
    token.pin,
    token.seed,
    JSON.stringify(settingsOf(token)),
    token.created,
    token.lastMatch,
    token.lastSuccess,
  ];
}

export function tokenOf(row: OwnValues): Token {
  const [serial, type, source, id, login, realms, phone, description] = row.slice(0, 8) as string[];
  const [active, counter, failCount] = row.slice(8, 11) as number[];
  const [pin, seed, settings] = row.slice(11, 14) as string[];
  const [created, lastMatch, lastSuccess] = row.slice(14) as number[];
  return {
    ...(JSON.parse(settings!) as ReturnType<typeof settingsOf>),
    serial: serial!,
    type: type as TokenType,
    owner: source === '' ? null : { source: source!, id: id!, login: login! },
    realms: realms!.split(',').filter((realm) => realm !== ''),
    phone: phone!,
    description: description!,
    active: active !== 0,
    counter: counter!,
    failCount: failCount!,
    pin: pin!,
    seed: seed!,
    created: created!,
    lastMatch: lastMatch!,
    lastSuccess: lastSuccess!,
  };
}

/** What a row keeps in one column, as JSON. Written out: a list of names for JSON.stringify takes thrice the time, at each check. */
function settingsOf(token: Token) {
  return {
    maxFailCount: token.maxFailCount,
    countWindow: token.countWindow,
    syncWindow: token.syncWindow,
    otpLength: token.otpLength,
    hash: token.hash,
    timeStep: token.timeStep,
    timeWindow: token.timeWindow,
    timeShift: token.timeShift,
    countAuth: token.countAuth,
    countAuthMax: token.countAuthMax,
    countAuthSuccess: token.countAuthSuccess,
    countAuthSuccessMax: token.countAuthSuccessMax,
    validFrom: token.validFrom,
    validUntil: token.validUntil,
    sentUntil: token.sentUntil,
    sentCounter: token.sentCounter,
    lockedAt: token.lockedAt,
    syncCounter: token.syncCounter,
    syncUntil: token.syncUntil,
  };
}

/** Commas on both sides, so that one of them can be looked for. */
function realmsText(realms: readonly string[]): string {
  return realms.length === 0 ? '' : `,${realms.join(',')},`;
}
