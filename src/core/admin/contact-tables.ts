/**
 * Tables of contacts as administration sees them: in a running server the SIP door's memory, beside a stopped one the
 * database (stored-contacts.ts). The SIP door's own views satisfy ContactTable as they are.
 */
export interface ContactTables {
  /** Undefined: there is no such table. Errors: STORAGE_UNAVAILABLE, SER_TABLE_LAYOUT. */
  open(table: string): Promise<ContactTable | undefined>;
}

/** Call-ID of the contacts that administration adds, so that adding one again is a change of it. */
export const ADMINISTRATION = 'gatehouse-administration';

export interface ContactTable {
  readonly name: string;
  /** `user` or `user@domain`, lower case. */
  aors(): Iterable<string>;
  /** Of an AOR as people write it; those that have not expired. */
  bindings(aor: string): readonly Contact[];
  /** `expires` in milliseconds since the epoch, 0 = permanent. Durable when the promise resolves. */
  put(aor: string, contact: string, options: { expires: number; q: number }): Promise<void>;
  /** Removes one contact, under whatever Call-IDs it is there, or all of them; gives how many. Durable when the promise resolves. */
  remove(aor: string, contact: string | undefined, reason: 'kicked' | 'removed'): Promise<number>;
}

export interface Contact {
  readonly contact: string;
  readonly received: string | null;
  /** Milliseconds since the epoch, 0 = permanent. */
  readonly expires: number;
  /** 0..1, or -1 = none. */
  readonly q: number;
  readonly callId: string;
  readonly cseq: number;
  readonly userAgent: string;
}
