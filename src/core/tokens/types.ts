/**
 * One-time password tokens as the rest of the house sees them: what a token is, who may own one, what administration can do with it.
 * How a proof is checked stands in check.ts; a door asks the gate (`kind: 'otp'`, `kind: 'answer'`), never the tokens.
 *
 * Times are milliseconds since the epoch unless said otherwise. Neither a seed nor a PIN nor a code leaves core/tokens, but for a
 * seed that was made here and is shown once, at enrolment. Names of fields in parentheses are LinOTP's.
 */
import type { Person, Realms } from '../realms/types.ts';

/** hmac: HOTP (RFC 4226); sms: HOTP whose values are sent; totp: RFC 6238. */
export type TokenType = 'hmac' | 'sms' | 'totp';
export type HashName = 'sha1' | 'sha256' | 'sha512';

/** Who owns a token: a person of a user source. */
export interface TokenOwner {
  /** Name of the user source, as Person says it. */
  readonly source: string;
  /** The person's id there. */
  readonly id: string;
  /** For lists and for people; the id decides. */
  readonly login: string;
}

/** A token without its secrets. */
export interface TokenView {
  readonly serial: string;
  readonly type: TokenType;
  readonly owner: TokenOwner | null;
  /** Lower case. */
  readonly realms: readonly string[];
  readonly description: string;
  /** Of an sms token, as it was given; else empty. */
  readonly phone: string;
  readonly active: boolean;
  /** The next HOTP counter that is accepted (LinOtp.Count); of totp the next time step. */
  readonly counter: number;
  readonly failCount: number;
  readonly maxFailCount: number;
  readonly countWindow: number;
  readonly syncWindow: number;
  /** Digits of a value: 6 or 8 (OtpLen). */
  readonly otpLength: number;
  readonly hash: HashName;
  /** Of totp, in seconds. */
  readonly timeStep: number;
  readonly timeWindow: number;
  readonly timeShift: number;
  /** Uses and successful uses, and how many there may be; 0: no limit. */
  readonly countAuth: number;
  readonly countAuthMax: number;
  readonly countAuthSuccess: number;
  readonly countAuthSuccessMax: number;
  /** 0: no bound. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** PIN+OTP of an sms token is good until then; 0: nothing was sent yet. */
  readonly sentUntil: number;
  readonly pinSet: boolean;
  readonly created: number;
  /** Last time that PIN and value matched, and that it led to a success; 0: never. */
  readonly lastMatch: number;
  readonly lastSuccess: number;
}

/** Where tokens look for people. */
export type People = Pick<Realms, 'find' | 'findById' | 'checkPassword'>;

/** What /admin/init can say; what is absent is as system config says. */
export interface EnrolRequest {
  readonly type: TokenType;
  /** Absent: generated, `LSSM`, `LSHO` or `LSTO` and 8 hex digits. One that is there is made anew. */
  readonly serial?: string;
  readonly owner?: Person;
  /** One of the same serial is never made anew. */
  readonly onlyNew?: boolean;
  /** Besides the owner's. */
  readonly realms?: readonly string[];
  /** Wanted for sms. */
  readonly phone?: string;
  readonly pin?: string;
  /** Hex; absent: made here (sms, `genkey`). */
  readonly seed?: string;
  /** Bytes of a seed that is made here; default: 20, 32 or 64 by the hash. */
  readonly keySize?: number;
  readonly otpLength?: number;
  readonly hash?: HashName;
  readonly description?: string;
  /** Seconds. */
  readonly timeStep?: number;
}

export interface Enrolled {
  readonly serial: string;
  /** An older token of this serial is gone. */
  readonly replaced: boolean;
  /** Of hmac and totp with a seed that was made here: hex, and the otpauth:// URI; never to be had again. */
  readonly seed?: string;
  readonly uri?: string;
}

/** A token as another server kept it, with all that came of it there. Absent `pin` and `pinHash`: the empty PIN. */
export interface TokenImport extends Required<Omit<TokenChange, 'pin'>> {
  readonly serial: string;
  readonly type: TokenType;
  readonly owner?: Pick<TokenOwner, 'source' | 'id'>;
  /** Hex. */
  readonly seed: string;
  readonly pin?: string;
  /** SHA-256 over PIN and salt, as LinOTP keeps it; both in hex. */
  readonly pinHash?: { readonly salt: string; readonly hash: string };
  readonly active: boolean;
  readonly counter: number;
  readonly failCount: number;
}

/** Which tokens: the one of a serial, all of an owner, or (both given) that one if he owns it. */
export interface TokenChoice {
  readonly serial?: string;
  readonly owner?: Pick<TokenOwner, 'source' | 'id'>;
}

/** What /admin/set can change. */
export interface TokenChange {
  readonly pin?: string;
  readonly description?: string;
  readonly phone?: string;
  readonly maxFailCount?: number;
  readonly syncWindow?: number;
  readonly countWindow?: number;
  readonly otpLength?: number;
  readonly hash?: HashName;
  readonly timeWindow?: number;
  readonly timeStep?: number;
  readonly timeShift?: number;
  readonly countAuth?: number;
  readonly countAuthMax?: number;
  readonly countAuthSuccess?: number;
  readonly countAuthSuccessMax?: number;
  readonly validFrom?: number;
  readonly validUntil?: number;
  /** Replaces all of them (tokenrealm). */
  readonly realms?: readonly string[];
}

export const TOKEN_ORDERS = ['serial', 'type', 'login', 'active', 'failCount', 'created', 'lastMatch'] as const;
export type TokenOrder = (typeof TOKEN_ORDERS)[number];

export interface TokenQuery {
  /** `*` stands for any text. */
  readonly serial?: string;
  /** The owner's login, `*` as above. */
  readonly login?: string;
  readonly owner?: Pick<TokenOwner, 'source' | 'id'>;
  /** Tokens of this realm only. */
  readonly realm?: string;
  readonly type?: TokenType;
  /** Part of serial, login or description, in any case. */
  readonly text?: string;
  /** From 1. */
  readonly page?: number;
  /** At most 10,000. */
  readonly pageSize?: number;
  readonly orderBy?: TokenOrder;
  readonly descending?: boolean;
}

export interface OtpSearch {
  readonly type?: 'hmac' | 'totp';
  readonly realm?: string;
  readonly assigned?: boolean;
}

export interface TokenPage {
  readonly tokens: readonly TokenView[];
  /** Of all pages. */
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  readonly pageSize: number;
}

/**
 * What administration does with tokens. `by` is who acts, as the audit trail names it. Each change is durable, its line of the trail
 * too, when the promise resolves. Numbers are how many tokens were changed.
 *
 * Errors: TOKEN_UNKNOWN (a serial that nothing has), TOKEN_INVALID (a value out of its range, with the field in the message),
 * TOKEN_TAKEN (assigning a token that somebody else has), TOKEN_EXISTS (a policy keeps it from being made anew), TOKEN_LIMIT, those of the journal.
 */
export interface TokenDesk {
  enrol(request: EnrolRequest, by: string): Promise<Enrolled>;
  /** False: there is a token of this serial, which may have gone ahead of the one that is brought, and is left as it is. */
  bring(token: TokenImport, owner: Person | undefined, by: string): Promise<boolean>;
  /** The token, or undefined. */
  show(serial: string): Promise<TokenView | undefined>;
  /** Policy otp_pin_random: the PIN that a new token of this person is to get; undefined: the one that was asked for. */
  randomPin(owner: Person | undefined): string | undefined;
  ofOwner(owner: Pick<TokenOwner, 'source' | 'id'>): Promise<TokenView[]>;
  list(query: TokenQuery): Promise<TokenPage>;
  set(which: TokenChoice, change: TokenChange, by: string): Promise<number>;
  enable(which: TokenChoice, by: string): Promise<number>;
  disable(which: TokenChoice, by: string): Promise<number>;
  /** Failures forgotten. */
  reset(which: TokenChoice, by: string): Promise<number>;
  remove(which: TokenChoice, by: string): Promise<number>;
  assign(serial: string, owner: Person, by: string, pin?: string): Promise<number>;
  unassign(which: TokenChoice, by: string): Promise<number>;
  /** The PIN of one token becomes that of another, without being known. Errors: TOKEN_INVALID, when it went through too many. */
  copyPin(from: string, to: string, by: string): Promise<void>;
  /** Tokens that would accept this value now; it is not used up. */
  findByOtp(value: string, wanted: OtpSearch): Promise<TokenView[]>;
  /** Two values in a row, within the sync window; false: they are not. */
  resync(serial: string, otp1: string, otp2: string, by: string): Promise<boolean>;
}

/** System configuration: LinOTP's keys and values, which are texts (/system/setConfig, getConfig, delConfig). */
export interface SystemConfig {
  /** What was set, or else what a new installation has; undefined: neither. */
  get(key: string): string | undefined;
  /** All keys with a value, by name. */
  all(): Record<string, string>;
  /** Errors: SYSTEM_CONFIG, those of the journal. */
  set(values: Readonly<Record<string, string>>, by: string): Promise<void>;
  /** False: it was not set. */
  remove(key: string, by: string): Promise<boolean>;
}

/** One code on its way. */
export interface CodeMessage {
  readonly number: string;
  readonly text: string;
  /** For whom, for the policy that chooses the provider. */
  readonly user: string;
  readonly realm: string;
  readonly client: string;
  /** Where the user comes from, and what is known of him, for conditions on that. */
  readonly resolver?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** Sends codes; implemented by core/sms. Errors: those of SmsProvider, SMS_PROVIDER_UNKNOWN. */
export interface SmsSender {
  /** `timeout`: seconds that the provider says its codes are valid; null: as the system says. */
  send(message: CodeMessage): Promise<{ provider: string; timeout: number | null }>;
}

/** One token that a challenge was made for. */
export interface ChallengedToken {
  /** `N`, or `N.01` of several. */
  readonly transaction: string;
  /** `sms submitted`, `sms with otp already submitted`, or the prompt of the configuration. */
  readonly message: string;
  /** Empty: of none, the user is called. */
  readonly serial: string;
  readonly type: TokenType | 'callback';
  readonly description: string;
  /** The re-send block holds: nothing was sent, the transaction is the one of before. */
  readonly again: boolean;
}

/** What /validate/check_status tells of a transaction. */
export interface ChallengeStatus {
  readonly transaction: string;
  readonly serial: string;
  readonly type: TokenType | 'callback';
  readonly message: string;
  readonly receivedCount: number;
  readonly receivedTan: boolean;
  readonly validTan: boolean;
  readonly open: boolean;
}

/** Looks at challenges, for the OTP door. */
export interface ChallengeDesk {
  /** Those of a transaction or its sub-transactions. */
  status(transaction: string): readonly ChallengeStatus[];
}
