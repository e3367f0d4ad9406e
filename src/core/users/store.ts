/**
 * Where local users are kept. Core declares it, storage implements it. Passwords arrive and leave sealed: storage never
 * sees a clear one.
 *
 * Errors: STORAGE_UNAVAILABLE, STORAGE_REFUSED; USER_EXISTS and USER_UNKNOWN where said.
 */
import type { AuditLines } from '../audit/types.ts';
import type { UserTables } from '../ser/types.ts';

export interface UserRecord {
  readonly id: number;
  readonly logins: readonly Login[];
  readonly email: string;
  /** Number for texts and calls, as it was given; empty: none. */
  readonly mobile: string;
  /** Remote-Party-ID, a URI or name-addr; empty: none. */
  readonly rpid: string;
  readonly locked: boolean;
  /** AES-256-GCM under the key file, associated data `user:ID:password`; null: no recoverable password. */
  readonly password: Uint8Array | null;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

export interface Login {
  readonly name: string;
  /** Empty: the login has no domain. */
  readonly domain: string;
}

/** A login, and whether its user is locked. */
export interface LoginState extends Login {
  readonly locked: boolean;
}

export type NewUserRecord = Pick<UserRecord, 'logins' | 'email' | 'created'> & { readonly mobile?: string };

/** A change takes `audit` along: durable in the trail when it is, and absent when it failed. */
export interface UserStore {
  /** The users with these logins, in one query; an empty domain matches any (lowest id first). */
  find(logins: readonly Login[]): Promise<{ login: Login; user: UserRecord }[]>;
  /** The logins with this name in all domains, a hundred at most. */
  named(name: string): Promise<Login[]>;
  list(options: { after?: number; limit: number; prefix?: string }): Promise<UserRecord[]>;
  count(): Promise<number>;
  /** All logins with a name that a locked user has, his own and those of others. */
  lockedNames(): Promise<LoginState[]>;
  /**
   * `seal` gets the new id, since the sealed password is bound to it. The rows in `shownIn`, which hold no secret, come and go
   * in one transaction with the user. USER_EXISTS when a login is taken.
   */
  create(
    user: NewUserRecord,
    seal: (id: number) => Uint8Array | null,
    shownIn?: UserTables,
    audit?: AuditLines,
  ): Promise<UserRecord>;
  /** Many at once, in one transaction per piece, `audit` with the last; for import. */
  createMany(
    users: readonly NewUserRecord[],
    seal: (index: number, id: number) => Uint8Array | null,
    shownIn?: UserTables,
    audit?: AuditLines,
  ): Promise<number>;
  /** USER_UNKNOWN when there is none. */
  update(
    id: number,
    change: { email?: string; mobile?: string; rpid?: string; locked?: boolean; password?: Uint8Array | null },
    shownIn?: UserTables,
    audit?: AuditLines,
  ): Promise<void>;
  /** USER_UNKNOWN when there is none. */
  remove(id: number, shownIn?: UserTables, audit?: AuditLines): Promise<void>;
}
