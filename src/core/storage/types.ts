/** The whole of storage as main opens it; each part implements an interface of core. */
import type { AuditLines } from '../audit/types.ts';
import type { HealthItem } from '../doors/types.ts';
import type { Journal } from '../journal/types.ts';
import type { PolicyRule } from '../policy/types.ts';
import type { RealmStore } from '../realms/store.ts';
import type { SerTables } from '../ser/types.ts';
import type { SmsProviderStore } from '../sms/types.ts';
import type { TokenStore } from '../tokens/store.ts';
import type { UserStore } from '../users/store.ts';

export interface Storage {
  readonly journal: Journal;
  readonly users: UserStore;
  readonly admins: AdminStore;
  readonly meta: MetaStore;
  readonly policies: PolicyStore;
  readonly smsProviders: SmsProviderStore;
  readonly realms: RealmStore;
  /** Tokens, and the other tables of our own that the journal writes. */
  readonly tokens: TokenStore;
  readonly ser: SerTables;
  /** What was found and done while opening, for `check` and the start message. */
  readonly report: StorageReport;
  /** Changes that are not settled yet. */
  waiting(): number;
  /** Questions to the databases that are not answered yet. */
  asking(): number;
  health(): HealthItem[];
  /** Settles what is under way, then closes. */
  close(): Promise<void>;
}

export interface StorageReport {
  /** `sqlite ./gatehouse-data/gatehouse.db`, `mysql ser@127.0.0.1:3307/ser`: never with a password. */
  readonly main: string;
  readonly attached: string | undefined;
  readonly created: boolean;
  readonly migrations: readonly MigrationInfo[];
  /** Sentences an administrator should read, e.g. settings of the database that lose acknowledged writes. */
  readonly warnings: readonly string[];
}

export interface MigrationInfo {
  readonly name: string;
  /** Milliseconds since the epoch; null = not applied. */
  readonly applied: number | null;
}

/** Small values of the installation itself: schema facts, key check. */
export interface MetaStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

/** The rules that administrators set; each change with its lines of the audit trail. */
export interface PolicyStore {
  list(): Promise<PolicyRule[]>;
  /** Makes or changes all of them, or none. */
  set(rules: readonly PolicyRule[], audit: AuditLines): Promise<void>;
  remove(name: string, audit: AuditLines): Promise<void>;
}

/** Administrators of the console and of the HTTP administration; apart from users. */
export interface AdminStore {
  count(): Promise<number>;
  /** argon2id in PHC form, or undefined when there is no such administrator. */
  hash(name: string): Promise<string | undefined>;
  /** Creates or changes. */
  set(name: string, hash: string, now: number): Promise<void>;
}
