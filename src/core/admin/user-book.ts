/** Where administration keeps users: our own tables (local-book.ts), or an attached SER table (attached-book.ts). */
import type { AuditLines } from '../audit/types.ts';
import type { Login } from '../users/store.ts';
import type { UserView } from './types.ts';

export interface NewUser {
  readonly login: Login;
  readonly password: string;
  readonly email: string;
  readonly mobile: string;
}

/**
 * A login means exactly that one: its name in no other domain. A change takes `audit` along, as UserStore and SerTables do.
 *
 * Errors: USER_EXISTS, USER_UNKNOWN, SER_VALUE_TOO_LONG, STORAGE_UNAVAILABLE, STORAGE_REFUSED, AUDIT_UNWRITABLE.
 */
export interface UserBook {
  add(user: NewUser, audit: AuditLines): Promise<UserView>;
  /** All of them new; gives how many were added. */
  addMany(users: readonly NewUser[], audit: AuditLines): Promise<number>;
  /** Those of the logins that somebody has. */
  taken(logins: readonly Login[]): Promise<Login[]>;
  /** All logins with this name, in whichever domain. */
  named(name: string): Promise<Login[]>;
  setPassword(login: Login, password: string, audit: AuditLines): Promise<void>;
  setEmail(login: Login, email: string, audit: AuditLines): Promise<void>;
  /** Errors: USER_NO_MOBILE too. */
  setMobile(login: Login, mobile: string, audit: AuditLines): Promise<void>;
  /** Errors: USER_NO_RPID too. */
  setRpid(login: Login, rpid: string, audit: AuditLines): Promise<void>;
  /** False: it cannot be told of this login here, and nothing was written. */
  setLocked(login: Login, locked: boolean, audit: AuditLines): Promise<boolean>;
  remove(login: Login, audit: AuditLines): Promise<void>;
  show(login: Login): Promise<UserView>;
  list(options: { prefix?: string; after?: string; limit: number }): Promise<UserView[]>;
}
