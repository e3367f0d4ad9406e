/** What crosses between the main thread and the storage worker. Everything here survives the structured clone. */
import type { AuditLines } from '../core/audit/types.ts';
import type { OwnCell, OwnTable, OwnValues } from '../core/journal/own-table.ts';
import type { PolicyRule } from '../core/policy/types.ts';
import type { SealedResolver } from '../core/realms/store.ts';
import type { RealmDefinition } from '../core/realms/types.ts';
import type {
  LocationSpec,
  NewSubscriber,
  RowCells,
  RowsMatch,
  RowsSpec,
  SerTables,
  SubscriberName,
  SubscriberRow,
  SubscriberSpec,
  TableReport,
  UriSpec,
  UserTables,
} from '../core/ser/types.ts';
import type { SealedDefinition } from '../core/sms/types.ts';
import type { MigrationInfo, StorageReport } from '../core/storage/types.ts';
import type { TokenQuery } from '../core/tokens/types.ts';
import type { Login, LoginState, NewUserRecord, UserRecord } from '../core/users/store.ts';
import type { Cell } from './batch.ts';
import type { DatabaseAddress } from './url.ts';

export interface WorkerOptions {
  readonly main: DatabaseAddress;
  readonly attached: DatabaseAddress | undefined;
  /** Tried where the one of the address is refused. */
  readonly password: string | undefined;
  readonly auditDir: string;
  readonly auditKey: Uint8Array;
  readonly backupDir: string;
  /** False: open the main database as it is, for undoing a migration. */
  readonly migrate: boolean;
}

export type SealedUser = NewUserRecord & { readonly id: number; readonly password: Uint8Array | null };
export type UserChange = {
  email?: string;
  mobile?: string;
  rpid?: string;
  locked?: boolean;
  password?: Uint8Array | null;
};

export type ListOptions = Parameters<SerTables['listSubscribers']>[1];

/** The questions main may ask: arguments and result. */
export interface Calls {
  report(): StorageReport;
  'migrate.down'(): readonly MigrationInfo[];
  'users.find'(logins: readonly Login[]): { login: Login; user: UserRecord }[];
  'users.named'(name: string): Login[];
  'users.list'(options: { after?: number; limit: number; prefix?: string }): UserRecord[];
  'users.count'(): number;
  'users.lockedNames'(): LoginState[];
  'users.reserve'(count: number): number;
  'users.insert'(users: readonly SealedUser[], shownIn: UserTables, audit: AuditLines): void;
  'users.update'(id: number, change: UserChange, shownIn: UserTables, audit: AuditLines): void;
  'users.remove'(id: number, shownIn: UserTables, audit: AuditLines): void;
  'admins.count'(): number;
  'admins.hash'(name: string): string | undefined;
  'admins.set'(name: string, hash: string, now: number): void;
  'policies.list'(): PolicyRule[];
  'policies.set'(rules: readonly PolicyRule[], audit: AuditLines): void;
  'policies.remove'(name: string, audit: AuditLines): void;
  'sms.list'(): SealedDefinition[];
  'sms.set'(definition: SealedDefinition, audit: AuditLines): void;
  'sms.remove'(name: string, audit: AuditLines): void;
  'realms.resolvers'(): SealedResolver[];
  'realms.setResolver'(resolver: SealedResolver, audit: AuditLines): void;
  'realms.removeResolver'(name: string, audit: AuditLines): void;
  'realms.list'(): RealmDefinition[];
  'realms.set'(realms: readonly RealmDefinition[], audit: AuditLines): void;
  'own.read'(table: OwnTable, where: Readonly<Record<string, OwnCell>>): OwnValues[];
  'tokens.list'(query: TokenQuery): { rows: OwnValues[]; total: number };
  'meta.get'(key: string): string | undefined;
  'meta.set'(key: string, value: string): void;
  'ser.openSubscriber'(spec: SubscriberSpec): TableReport;
  'ser.openLocation'(spec: LocationSpec): TableReport;
  'ser.openUri'(spec: UriSpec): TableReport;
  'ser.openRows'(spec: RowsSpec): TableReport;
  'ser.readRows'(spec: RowsSpec, where: RowsMatch, most: number): RowCells[];
  'ser.ask'(database: string, sql: string, values: RowCells, most: number): RowCells[];
  'ser.readSubscribers'(spec: SubscriberSpec, names: readonly SubscriberName[]): SubscriberRow[];
  'ser.listSubscribers'(spec: SubscriberSpec, options: ListOptions): SubscriberRow[];
  /** Rows arrive before the result, as pieces of cells. */
  'ser.walkSubscribers'(spec: SubscriberSpec, most: number): void;
  'ser.addUsers'(tables: UserTables, rows: readonly NewSubscriber[], audit: AuditLines): void;
  'ser.updateSubscriber'(spec: SubscriberSpec, row: NewSubscriber, audit: AuditLines): boolean;
  'ser.removeUser'(tables: UserTables, name: SubscriberName, audit: AuditLines): void;
  /** Rows arrive before the result, as pieces of cells. */
  'ser.loadBindings'(spec: LocationSpec, now: number): void;
  /** As cells. */
  'ser.readBindings'(spec: LocationSpec, username: string, domain: string, now: number): Cell[];
  'ser.deleteExpired'(spec: LocationSpec, before: number): number;
  'ser.hasUri'(spec: UriSpec, username: string, domain: string, uriUser: string): boolean;
  close(): void;
}

export type CallName = keyof Calls;
export type Args<N extends CallName> = Parameters<Calls[N]>;
export type Result<N extends CallName> = ReturnType<Calls[N]>;

/** An error as it crosses: no stack, no cause. */
export interface ErrorText {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly args: readonly unknown[] }
  /** The Batch as JSON: a text is copied many times faster than an array is cloned. */
  | { readonly kind: 'commit'; readonly batch: string; readonly budgetMs: number }
  /** A batch of refreshes that may be logged: a LogEntry as JSON, its tables, and the longest of its Call-IDs. */
  | {
      readonly kind: 'log';
      readonly entry: string;
      readonly tables: readonly LocationSpec[];
      readonly longest: number;
      readonly budgetMs: number;
    };

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: ErrorText }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorText }
  | { readonly kind: 'rows'; readonly id: number; readonly cells: Cell[] }
  | { readonly kind: 'committed'; readonly outcome: CommitOutcome }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Record<string, unknown> | undefined;
    };

/**
 * Nothing: all units are durable. `unavailable`: none is there. `refused`: these are not there, all others are. `trailAway`: there were no audit
 * lines among them, and those of others still cannot be written.
 */
export interface CommitOutcome {
  readonly unavailable?: ErrorText;
  readonly refused?: readonly { readonly unit: number; readonly error: ErrorText }[];
  readonly trailAway?: true;
}
