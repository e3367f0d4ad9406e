/**
 * Users as the gate sees them. A user has an internal id and one or more logins (name, domain); where users come from
 * stands behind UserSource: local users, an attached SER table, later LDAP, SQL and passwd files.
 */
import type { Answer } from '../answer.ts';
import type { ChapResponse } from '../proofs/chap.ts';
import type { MsChapKeys, MsChapResponse } from '../proofs/ms-chap.ts';

export type DigestAlgorithm = 'MD5' | 'SHA-256' | 'SHA-512-256';

/** One user as a source knows it, with what is needed to check proofs. Kept in caches: small and immutable. */
export interface Account {
  /** Unique over all sources: `local:12` or `subscriber:1000@example.com`. */
  readonly id: string;
  /** The login, as limits, sessions and audit name the user: `1000` or `1000@example.com`. */
  readonly login: string;
  readonly name: string;
  readonly domain: string;
  readonly locked: boolean;
  /** Values of the columns that `load_credentials` asked for, in that order. */
  readonly values: readonly (string | null)[];
  /**
   * H(username:realm:password) in lower-case hex, or undefined where the source cannot give it for this realm and algorithm.
   * `username` as in the digest.
   */
  ha1(username: string, realm: string, algorithm: DigestAlgorithm): string | undefined;
  /** Constant-time check of a clear password; undefined where the source holds none. */
  checkPassword(password: string): boolean | undefined;
  /** Where only the source itself can say whether a password is right (a directory): asked in place of `checkPassword`. Rejects when it is away. */
  checkPasswordLater?(password: string): Promise<boolean>;
  /** Where only another server can say whether the digest is right that this account was made for: asked in place of `ha1`. Rejects when it is away. */
  askDigest?(): Promise<boolean>;
  /** The same for a response of CHAP; absent where the source never holds a clear password. */
  checkChap?(response: ChapResponse): boolean | undefined;
  /** As `checkChap`. */
  checkMsChap?(response: MsChapResponse): boolean | undefined;
  /** What goes with the answer to a response that is right. */
  msChapKeys?(response: MsChapResponse): MsChapKeys | undefined;
}

export interface UserSource {
  readonly name: string;
  /**
   * The account, or null when there is none; name and domain in Unicode. At once from the cache where that may be trusted, else a promise.
   * `fresh`: do not trust the cache (a proof just failed and the secret may have been changed by another tool).
   * Errors (rejections): STORAGE_UNAVAILABLE.
   */
  find(name: string, domain: string, fresh?: boolean): Answer<Account | null>;
  /** True when other tools may change the secrets, so that a failed proof is worth a second look. */
  readonly shared: boolean;
  /** True when names that differ only in case may be the same user. */
  readonly ignoresCase: boolean;
}
