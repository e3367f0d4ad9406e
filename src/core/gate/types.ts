/**
 * What passes between a door and the gate: a Knock goes in, a Verdict comes out (docs/decisions/0001-the-house.md).
 *
 * Times are milliseconds since the epoch. Addresses are plain text without brackets.
 */
import type { Answer } from '../answer.ts';
import type { Change } from '../journal/types.ts';
import type { ChapResponse } from '../proofs/chap.ts';
import type { MsChapResponse } from '../proofs/ms-chap.ts';
import type { ChallengedToken, TokenType } from '../tokens/types.ts';
import type { Account, UserSource } from '../users/types.ts';
import type { Terms } from './terms.ts';

export type DoorName = 'sip' | 'portal' | 'dial' | 'otp' | 'radius' | 'console';

export type { Answer };

/** Who stands in front of the door. */
export interface Client {
  /** IP address, MAC, line name or Calling-Station-Id: what limits count per place. */
  readonly address: string;
  /** UDP or TCP port where there is one, else 0. */
  readonly port: number;
}

/** A digest response (RFC 2617, RFC 7616, RFC 8760); the door has checked the nonce and the syntax. */
export interface DigestProof {
  readonly kind: 'digest';
  readonly algorithm: 'MD5' | 'SHA-256' | 'SHA-512-256';
  /** As the client wrote it, with its domain if it wrote one: HA1 is computed over it. */
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly method: string;
  /** Lower-case hex. */
  readonly response: string;
  /** `undefined`: RFC 2069 form. */
  readonly qop: 'auth' | 'auth-int' | undefined;
  readonly cnonce: string;
  /** As written (8 hex digits) and as number. */
  readonly nc: string;
  readonly ncValue: number;
  /** Body of the message, latin1; only read for auth-int. */
  readonly body: string;
  /**
   * What keeps it from being played again: its count, within a window; the nonce, good for one proof; or nothing, as without qop, or
   * when the gate has taken this very message before.
   */
  readonly replay: 'count' | 'nonce' | 'none';
  /** An expired nonce proves who one is for a new challenge: nothing is recorded, no limit lifted, no place made known. */
  readonly expired: boolean;
}

export interface PasswordProof {
  readonly kind: 'password';
  readonly password: string;
}

export interface ChapProof extends ChapResponse {
  readonly kind: 'chap';
}

export interface MsChapProof extends MsChapResponse {
  readonly kind: 'ms-chap';
}

/** A script or program that vouches for the user (click-through, BinAuth, FAS). */
export interface ExternalProof {
  readonly kind: 'external';
  readonly by: string;
}

/**
 * What /validate/* brings: PIN, PIN+OTP, or OTP with a transaction (core/tokens/check.ts). `knock.user` is the login and `knock.domain` the
 * realm; both are empty where the serial or the transaction says whose token it is (check_s, check_t).
 */
export interface OtpProof {
  readonly kind: 'otp';
  readonly pass: string;
  /** `transactionid` or `state`: the answer to a challenge. */
  readonly transaction?: string;
  /** Only this token. */
  readonly serial?: string;
  /** Only tokens of this type. */
  readonly tokenType?: string;
  /** check_status: is `pass` the PIN of the transaction's token? The verdict is its challenge again; nothing is sent and no value used up. */
  readonly polls?: boolean;
  /** check_s: a policy `trigger_sms` may let the request trigger without a PIN. */
  readonly bySerial?: boolean;
  /** Request parameters that a text to be sent may come from. */
  readonly challenge?: string;
  readonly data?: string;
  readonly message?: string;
}

/** The answer to a challenge that another proof led to, at any door but the OTP door. */
export interface AnswerProof {
  readonly kind: 'answer';
  readonly transaction: string;
  readonly code: string;
}

/**
 * Asks to be called back at a number of one's own. No secret is on the way; the verdict is a challenge with `callBack`, and what is brought
 * back is `called-back` or any other proof, from the number that was called.
 */
export interface CallBackProof {
  readonly kind: 'call-back';
  /** An alias, with or without the name before it, `home` or `alice-home`; where a policy lets the user choose, a number. */
  readonly to: string;
}

/** Whoever answered when the user's number was called; proves something only where a policy says that this will do. */
export interface CalledBackProof {
  readonly kind: 'called-back';
  /** Id of the account that was to be called there. */
  readonly owner: string;
}

export type Proof =
  | DigestProof
  | PasswordProof
  | ChapProof
  | MsChapProof
  | ExternalProof
  | OtpProof
  | AnswerProof
  | CallBackProof
  | CalledBackProof;

export interface Knock {
  readonly door: DoorName;
  /** User part and domain as given, in Unicode; the domain is empty where the source does not look at it. */
  readonly user: string;
  readonly domain: string;
  readonly client: Client;
  readonly proof: Proof;
  /** Where the user is looked for; absent: the sources of this door. */
  readonly source?: UserSource;
  readonly time: number;
}

/** Proof of a proof: what `admit` asks for. */
export interface Ticket {
  readonly door: DoorName;
  readonly account: Account;
  readonly client: Client;
  readonly time: number;
}

export type RefusalReason =
  | 'unknown-user' // nobody has this name
  | 'wrong-proof' // the password or digest does not match
  | 'replayed' // a nonce count was used before
  | 'locked' // an administrator locked the user; said only after the right proof
  | 'policy' // a rule says no; said only after the right proof
  | 'new-place' // a rule asks for a code first, and this door cannot ask for one
  | 'slowed' // over the limit of wrong tries
  | 'unavailable' // the user source cannot be asked now, or nothing can be written
  | 'not-sent' // the proof is right so far, but the code of the challenge could not be sent, or the user not be called
  | 'not-admitted'; // the user was called, and did not press 1

export interface Proven {
  readonly verdict: 'proven';
  readonly ticket: Ticket;
  /** Of an OtpProof: the token that matched; absent where a policy let in without one. */
  readonly token?: ProvenToken;
}

export interface ProvenToken {
  readonly serial: string;
  readonly type: TokenType;
  readonly description: string;
  readonly failCount: number;
}

/** Right so far: a code is on its way, or the user's device has it, and `{kind: 'answer'}` (at the OTP door `{kind: 'otp'}`) brings it back. */
export interface Challenged {
  readonly verdict: 'challenge';
  /** Digits. Bound to door, user and place; good once, for a short time and a few tries. */
  readonly transaction: string;
  readonly via: 'sms' | 'totp' | 'callback';
  /** What to tell the user. */
  readonly prompt: string;
  /** Several: each has a sub-transaction, and the answer may name the transaction of all. */
  readonly tokens: readonly ChallengedToken[];
  /** Via `callback`, where somebody asked for it: who is to be called, and where. */
  readonly callBack?: CallBack;
}

export interface CallBack {
  /** Id of the account: the second leg is his alone. */
  readonly owner: string;
  readonly login: string;
  /** Empty: a number that he chose. */
  readonly alias: string;
  readonly number: string;
  /** A policy says that whoever answers there needs no password. */
  readonly suffices: boolean;
}

export interface Refused {
  readonly verdict: 'refused';
  readonly reason: RefusalReason;
  /** Say nothing at all: an answer within this delay was given already. */
  readonly silent: boolean;
  /** Of an OtpProof: more than the user may be told, for `detail_on_fail` and check_t; of `not-sent`, what he is told. */
  readonly otp?: OtpRefusal;
}

export interface OtpRefusal {
  /** LinOTP's words: `wrong otp pin -1`. */
  readonly detail: string;
  /** Where it was about one token. */
  readonly serial?: string;
  readonly type?: TokenType;
  readonly failCount?: number;
  /** There is no such transaction, or no longer. */
  readonly noTransaction?: boolean;
}

export type Verdict = Proven | Challenged | Refused;

/** A session to be, which makes its name only for who asks. */
export interface SessionName {
  readonly session: string;
  /** Where he came from before: a session there is the one that this takes the place of. */
  readonly place?: string | undefined;
  /** Of a door that knows it: how many sessions he would have there, 0 where none is new; else they are counted. */
  readonly inAll?: number;
}

export type Admission =
  | { readonly admitted: true; readonly terms: Terms }
  /** `full`: a rule gives him no more sessions at once. */
  | { readonly admitted: false; readonly reason: string; readonly full?: true };

/**
 * The gate. Proving who one is, being let in and leaving are three events.
 *
 * What opens or ends a session is durable together with the door's own rows: the gate gives the changes, the door
 * appends them to the journal in one unit with its own.
 */
export interface Gate {
  /** Checks limits, user, proof and policy, in this order, and audits a refusal. Opens nothing. */
  prove(knock: Knock): Answer<Verdict>;
  /** Asks the hooks whether the proven user may come in, and on which terms. */
  admit(ticket: Ticket, session: SessionName): Answer<Admission>;
  /** What to write when the session is opened. */
  opened(session: SessionStart): Change[];
  /** What to write when the session ends: audit line and history. */
  ended(session: SessionStart, reason: EndReason, time: number, traffic?: Traffic): Change[];
  /** A session was refreshed: counted per user and hour, not written one by one. */
  refreshed(door: DoorName, user: string): void;
  /** Ends a session at whichever door it stands; false: no door knows it. */
  end(session: string, reason: EndReason): Promise<boolean>;
}

export interface SessionStart {
  readonly door: DoorName;
  /** Unique over all doors: `door:` and the door's own id. */
  readonly session: string;
  /** Login with domain where it has one. */
  readonly user: string;
  readonly client: string;
  readonly time: number;
  /** Whom the user talks to, where somebody does. */
  readonly peer?: string;
}

/** Bytes that the user sent and received, where somebody counts them. */
export interface Traffic {
  readonly sent?: number;
  readonly received?: number;
}

export type EndReason = 'logout' | 'expired' | 'replaced' | 'kicked' | 'removed';
