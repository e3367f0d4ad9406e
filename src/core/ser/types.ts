/**
 * The SER tables as SIP configurations name them: any table and column names, in any database. Core declares them, storage
 * implements them; the layout found (SER 0.9, OpenSER 1.3, Kamailio 5.6) is the implementation's affair.
 *
 * A table is `attached` when it was there before Gatehouse: it is used as it stands and other tools may change it.
 */
import type { AuditLines } from '../audit/types.ts';

/** A SER table in one database. `database` is a name that main gave: `main` or `attached`. */
interface TableSpec {
  readonly database: string;
  readonly table: string;
}

/** auth_db's and uri_db's view of `subscriber`. */
export interface SubscriberSpec extends TableSpec {
  readonly userColumn: string;
  readonly domainColumn: string;
  readonly passwordColumn: string;
  /** For usernames with a domain in them while `calculate_ha1` is 0. */
  readonly passwordColumn2: string;
  /** More columns to read for each user (load_credentials). */
  readonly columns: readonly string[];
}

export interface SubscriberRow {
  readonly username: string;
  readonly domain: string;
  /** Of passwordColumn and passwordColumn2; empty where NULL. */
  readonly password: string;
  readonly password2: string;
  /** In the order of `columns`. */
  readonly values: readonly (string | null)[];
}

/** usrloc's view of `location`, `aliases` or any table of that shape. */
export interface LocationSpec extends TableSpec {
  /** Renamed columns, by their usual name; empty as a rule. */
  readonly columns: Readonly<Record<string, string>>;
  /** A refresh is durable when it is logged, and reaches its row so many seconds later; absent: at once. */
  readonly behind?: number;
  /** Two bindings may have the same contact and differ in their Call-IDs; absent: a contact is one binding. */
  readonly byCallId?: true;
}

/** One binding. Texts are latin1 as they came over the wire. */
export interface BindingRow {
  readonly username: string;
  /** Empty while usrloc's use_domain is 0. */
  readonly domain: string;
  readonly contact: string;
  readonly received: string | null;
  readonly path: string | null;
  /** Milliseconds since the epoch (whole seconds); 0 = permanent. */
  readonly expires: number;
  /** 0..1, or -1 = none. */
  readonly q: number;
  readonly callId: string;
  readonly cseq: number;
  readonly flags: number;
  readonly branchFlags: number;
  readonly userAgent: string;
  /** Local socket it came in on, `udp:127.0.0.1:5060`. */
  readonly socket: string | null;
  /** Bit mask of methods, null = all. */
  readonly methods: number | null;
  /** Milliseconds since the epoch of the last change. */
  readonly modified: number;
}

export interface UriSpec extends TableSpec {
  readonly userColumn: string;
  readonly domainColumn: string;
  readonly uriUserColumn: string;
}

/** Small tables that modules of a script read by some of their columns. A fresh database gets OpenSER 1.3's columns. */
export type RowsKind =
  | 'grp'
  | 're_grp'
  | 'domain'
  | 'dbaliases'
  | 'trusted'
  | 'address'
  | 'usr_preferences'
  | 'acc'
  | 'missed_calls'
  | 'portal_session'
  | 'portal_rate';

export interface RowsSpec extends TableSpec {
  /** What is made of it where it is missing in a database of our own. */
  readonly kind: RowsKind;
  /** The columns that are read or written, in this order. */
  readonly columns: readonly string[];
  /** Further columns that rows are found by. */
  readonly keys: readonly string[];
}

/** A value of a row. Texts are latin1; numbers may come as texts, which is for the reader to settle. */
export type RowCell = string | number | null;
export type RowCells = readonly RowCell[];

/** Columns and the texts that they must equal. */
export type RowsMatch = readonly (readonly [column: string, value: string])[];

/** Where a user's rows stand when one is added or removed; what is missing gets none. */
export interface UserTables {
  readonly subscriber?: SubscriberSpec;
  /** Gets a row whose uri_user is the username. */
  readonly uri?: UriSpec;
}

/** What a user's row in `subscriber` holds. Texts are wire texts: latin1, one character per byte. */
export interface NewSubscriber {
  readonly username: string;
  readonly domain: string;
  /** Clear text and hashes as the table's owner expects them; empty in tables of our own. */
  readonly password: string;
  readonly ha1: string;
  readonly ha1b: string;
  readonly email: string;
  /** Remote-Party-ID; absent: as it is. */
  readonly rpid?: string;
}

/**
 * Reading and administering the SER tables. A change takes `audit` along: durable in the trail when it is, and absent when it
 * failed.
 *
 * Errors: STORAGE_UNAVAILABLE, STORAGE_REFUSED, SER_TABLE_MISSING, SER_TABLE_LAYOUT, SER_VALUE_TOO_LONG, AUDIT_UNWRITABLE.
 */
export interface SerTables {
  /** Proves that table and columns are there (and makes the table, in a database of our own); says what it found. */
  open(kind: 'subscriber', spec: SubscriberSpec): Promise<TableReport>;
  open(kind: 'location', spec: LocationSpec): Promise<TableReport>;
  open(kind: 'uri', spec: UriSpec): Promise<TableReport>;
  open(kind: 'rows', spec: RowsSpec): Promise<TableReport>;
  /** Rows that match all of `where`, at most so many, in the order of `id` where there is one. */
  readRows(spec: RowsSpec, where: RowsMatch, most: number): Promise<RowCells[]>;
  /**
   * A statement of a script's author, with a `?` for each value: its rows, at most so many, if it is a SELECT; else none, and what it
   * changed is on disk.
   */
  ask(database: string, sql: string, values: RowCells, most: number): Promise<RowCells[]>;
  /** Says that rows were changed: what was read before counts no more. */
  rowsChanged(): void;
  /** Grows with each `rowsChanged`. */
  rowEdition(): number;
  /** All rows of the given names in one query; `domain` empty = any. Unknown names are missing from the answer. */
  readSubscribers(spec: SubscriberSpec, names: readonly SubscriberName[]): Promise<SubscriberRow[]>;
  /** For administration, ordered by username, then domain: those after `after` whose username begins with `prefix`. */
  listSubscribers(
    spec: SubscriberSpec,
    options: { after?: SubscriberName; limit: number; prefix?: string },
  ): Promise<SubscriberRow[]>;
  /** All of them, but no more than `most`, in pieces and in no order: several times cheaper than pages in theirs. */
  walkSubscribers(spec: SubscriberSpec, most: number, onRows: (rows: SubscriberRow[]) => void): Promise<void>;
  /** All of them or none, where the tables' engine has transactions. */
  addUsers(tables: UserTables, rows: readonly NewSubscriber[], audit?: AuditLines): Promise<void>;
  /** False when there is no such row. */
  updateSubscriber(spec: SubscriberSpec, row: NewSubscriber, audit?: AuditLines): Promise<boolean>;
  removeUser(tables: UserTables, name: SubscriberName, audit?: AuditLines): Promise<void>;
  /** All bindings that have not expired, in pieces, for the preload. */
  loadBindings(spec: LocationSpec, now: number, onRows: (rows: BindingRow[]) => void): Promise<void>;
  /** What one user has there now, without what has expired; an empty domain = any. */
  readBindings(spec: LocationSpec, username: string, domain: string, now: number): Promise<BindingRow[]>;
  /** Deletes the bindings that expired before the time; gives how many. */
  deleteExpired(spec: LocationSpec, before: number): Promise<number>;
  /** Does the row (username, domain, uri_user) exist? An empty username or domain = any. */
  hasUri(spec: UriSpec, username: string, domain: string, uriUser: string): Promise<boolean>;
}

export interface SubscriberName {
  readonly username: string;
  readonly domain: string;
}

export interface TableReport {
  readonly attached: boolean;
  readonly layout: 'gatehouse' | 'ser-0.9' | 'openser-1.3' | 'kamailio-5.6' | 'other';
}
