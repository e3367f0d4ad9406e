/**
 * /admin/show: tokens in LinOTP's columns, as JSON with its pages, or as CSV. No seed and no PIN is among them.
 *
 * Errors: OTP_PARAMETER, OTP_FORBIDDEN, those of TokenDesk.
 */
import type { TokenOrder, TokenQuery, TokenView } from '../../../core/tokens/types.ts';
import type { Caller, Outcome } from '../call.ts';
import { csvText } from '../csv.ts';
import { type Fields, parameterError, wholeNumber } from '../fields.ts';
import { textReply } from '../reply.ts';
import { personOf, type TokenParts } from './target.ts';

/** Without any word of pages, as many as LinOTP would give: all that one answer holds. */
const ALL = 10_000;

const ORDERS: Readonly<Record<string, TokenOrder>> = {
  'LinOtp.TokenSerialnumber': 'serial',
  TokenSerialnumber: 'serial',
  'LinOtp.TokenType': 'type',
  TokenType: 'type',
  'User.username': 'login',
  username: 'login',
  'LinOtp.Isactive': 'active',
  Isactive: 'active',
  'LinOtp.FailCount': 'failCount',
  FailCount: 'failCount',
  'LinOtp.CreationDate': 'created',
  'LinOtp.LastAuthMatch': 'lastMatch',
};

export async function showTokens(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const found = await parts.tokens.list(await queryOf(fields, caller, parts));
  const data = found.tokens.map(tokenColumns);
  if (fields.get('outform') === 'csv') {
    const columns = Object.keys(tokenColumns(EMPTY));
    const rows = data.map((row) =>
      Object.values(row).map((value) => (Array.isArray(value) ? value.join(' ') : String(value))),
    );
    const reply = textReply(csvText(columns, rows), 'text/csv; charset=utf-8');
    return { ...reply, headers: { 'content-disposition': 'attachment; filename="linotp-tokendata.csv"' } };
  }
  const { pages, pageSize, total, page } = found;
  return { value: { data, resultset: { pages, pagesize: pageSize, tokens: total, page } } };
}

async function queryOf(fields: Fields, caller: Caller, parts: TokenParts): Promise<TokenQuery> {
  const [page, pageSize] = [wholeNumber(fields, 'page'), wholeNumber(fields, 'pagesize')];
  const [serial, text, realm] = [fields.get('serial'), fields.get('filter'), realmOf(fields)];
  const order = orderOf(fields.get('sortby'));
  const user = fields.get('user');
  const owner = user?.includes('*') ? undefined : await personOf(fields, parts.realms);
  caller.require('admin', 'show', owner ? [owner.realm] : realm ? [realm] : []);
  return {
    ...(serial ? { serial } : {}),
    ...(owner ? { owner } : user ? { login: user } : {}),
    ...(text ? { text } : {}),
    ...(realm ? { realm } : {}),
    ...(order ? { orderBy: order } : {}),
    descending: /^desc/i.test(fields.get('sortdir') ?? ''),
    page: page ?? 1,
    pageSize: pageSize ?? (page === undefined ? ALL : 15),
  };
}

/** `*` is all of them; an administrator who may not see all must name one. */
function realmOf(fields: Fields): string | undefined {
  const realm = fields.get('viewrealm')?.trim().toLowerCase();
  return realm === '' || realm === '*' ? undefined : realm;
}

function orderOf(name: string | undefined): TokenOrder | undefined {
  if (!name) return undefined;
  if (Object.hasOwn(ORDERS, name)) return ORDERS[name];
  throw parameterError(`tokens cannot be sorted by ${JSON.stringify(name.slice(0, 40))}`);
}

export function tokenColumns(token: TokenView): Record<string, string | number | boolean | readonly string[]> {
  const { owner, type, phone, hash, sentUntil } = token;
  const info = {
    ...(type === 'sms' ? { phone, ...(sentUntil > 0 ? { until: Math.floor(sentUntil / 1000) } : {}) } : {}),
    hashlib: hash,
    ...(type === 'totp' ? { timeStep: token.timeStep, timeWindow: token.timeWindow, timeShift: token.timeShift } : {}),
    ...counts(token),
    ...(token.validFrom > 0 ? { validity_period_start: shortTime(token.validFrom) } : {}),
    ...(token.validUntil > 0 ? { validity_period_end: shortTime(token.validUntil) } : {}),
  };
  return {
    'LinOtp.TokenId': token.serial,
    'LinOtp.TokenSerialnumber': token.serial,
    'LinOtp.TokenType': type === 'hmac' ? 'HMAC' : type,
    'LinOtp.TokenDesc': token.description,
    'LinOtp.TokenInfo': JSON.stringify(info),
    'LinOtp.OtpLen': token.otpLength,
    'LinOtp.Count': token.counter,
    'LinOtp.CountWindow': token.countWindow,
    'LinOtp.SyncWindow': token.syncWindow,
    'LinOtp.FailCount': token.failCount,
    'LinOtp.MaxFail': token.maxFailCount,
    'LinOtp.Isactive': token.active,
    'LinOtp.IdResolver': owner?.source ?? '',
    'LinOtp.IdResClass': owner?.source ?? '',
    'LinOtp.Userid': owner?.id ?? '',
    'LinOtp.RealmNames': token.realms,
    'LinOtp.CreationDate': shortTime(token.created),
    'LinOtp.LastAuthMatch': shortTime(token.lastMatch),
    'LinOtp.LastAuthSuccess': shortTime(token.lastSuccess),
    'User.username': owner?.login ?? '',
    'User.userid': owner?.id ?? '',
  };
}

function counts(token: TokenView): Record<string, number> {
  const named = {
    count_auth: token.countAuth,
    count_auth_max: token.countAuthMax,
    count_auth_success: token.countAuthSuccess,
    count_auth_success_max: token.countAuthSuccessMax,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value > 0));
}

/** UTC, to the second; empty: never. */
function shortTime(time: number): string {
  return time === 0 ? '' : new Date(time).toISOString().slice(0, 19);
}

/** For the names of the columns. */
const EMPTY: TokenView = {
  serial: '',
  type: 'sms',
  owner: null,
  realms: [],
  description: '',
  phone: '',
  active: true,
  counter: 0,
  failCount: 0,
  maxFailCount: 0,
  countWindow: 0,
  syncWindow: 0,
  otpLength: 6,
  hash: 'sha1',
  timeStep: 0,
  timeWindow: 0,
  timeShift: 0,
  countAuth: 0,
  countAuthMax: 0,
  countAuthSuccess: 0,
  countAuthSuccessMax: 0,
  validFrom: 0,
  validUntil: 0,
  sentUntil: 0,
  pinSet: false,
  created: 0,
  lastMatch: 0,
  lastSuccess: 0,
};
