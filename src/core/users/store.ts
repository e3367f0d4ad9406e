/**
 * Where local users are kept. Core declares it, storage implements it. Passwords arrive and leave sealed: storage never
 * sees a clear one.
 *
 * Errors: STORAGE_UNAVAILABLE, STORAGE_REFUSED; USER_EXISTS and USER_UNKNOWN where said.
 */
export interface UserRecord {
  readonly id: number;
  readonly logins: readonly Login[];
  readonly email: string;
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

export interface UserStore {
  /** The users with these logins, in one query; an empty domain matches any (lowest id first). */
  find(logins: readonly Login[]): Promise<{ login: Login; user: UserRecord }[]>;
  list(options: { after?: number; limit: number; prefix?: string }): Promise<UserRecord[]>;
  count(): Promise<number>;
  /** `seal` gets the new id, since the sealed password is bound to it. USER_EXISTS when a login is taken. */
  create(
    user: { logins: readonly Login[]; email: string; created: number },
    seal: (id: number) => Uint8Array | null,
  ): Promise<UserRecord>;
  /** Many at once, in one transaction per piece; for import. */
  createMany(
    users: readonly { logins: readonly Login[]; email: string; created: number }[],
    seal: (index: number, id: number) => Uint8Array | null,
  ): Promise<number>;
  /** USER_UNKNOWN when there is none. */
  update(id: number, change: { email?: string; locked?: boolean; password?: Uint8Array | null }): Promise<void>;
  remove(id: number): Promise<void>;
}
