/**
 * What an administrator can do, by whichever way: a command line beside a stopped server, the control socket of a running
 * one, later HTTP. All values are JSON.
 *
 * Errors: USER_EXISTS, USER_UNKNOWN, USER_AMBIGUOUS, USER_LOCKED_BY_NAME, BAD_LOGIN, ADMIN_UNKNOWN, ADMIN_PASSWORD_SHORT, PASSWORD_TOO_LONG, PASSWORD_EMPTY, SESSION_UNKNOWN, TABLE_UNKNOWN,
 * NUMBER_ALIAS, NUMBER_EXISTS, NUMBER_INVALID, NUMBER_UNKNOWN, CONTACT_INVALID, ALIAS_EXISTS, POLICY_INVALID, POLICY_NAME, POLICY_UNKNOWN, ANSWER_TOO_LONG,
 * ROWS_UNUSED, ROW_INVALID, ROW_EXISTS, those of SmsProviders, SERVER_NOT_RUNNING, STORAGE_UNAVAILABLE, STORAGE_REFUSED, SER_VALUE_TOO_LONG, AUDIT_BROKEN.
 */
import type { Problem } from '../../platform/problems.ts';
import type { AuditFound } from '../audit/search.ts';
import type { SessionInfo, WaitingChange } from '../doors/types.ts';
import type { Contradiction, PolicyNotice, PolicyRule, Shown, Weighing } from '../policy/types.ts';
import type { RealmCalls } from '../realms/types.ts';
import type { MessageState } from '../sms/message-log.ts';
import type { SmsDefinition } from '../sms/types.ts';
import type { NumberView } from '../users/numbers.ts';
import type { RadiusCalls } from './radius.ts';
import type { SessionCalls } from './sessions.ts';
import type { TokenCalls } from './tokens.ts';
import type { VoucherCalls } from './vouchers.ts';

/** Users in one piece of an import. */
export const IMPORT_PIECE = 500;

/** `name` or `name@domain`; of a user that is there, a name alone will do where one user has it. */
export type LoginText = string;

/** The small SER tables that administration knows, and the fields of their rows, by OpenSER's names of the columns. */
export const SER_LISTS = {
  acl: ['username', 'domain', 'grp'],
  alias_db: ['username', 'domain', 'alias_username', 'alias_domain'],
  avp: ['uuid', 'username', 'domain', 'attribute', 'type', 'value'],
  domain: ['domain'],
  trusted: ['src_ip', 'proto', 'from_pattern', 'tag'],
  address: ['grp', 'ip_addr', 'mask', 'port'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type SerList = keyof typeof SER_LISTS;
/** The modules of a script that read them. */
export const LIST_MODULES: { readonly [List in SerList]: string } = {
  acl: 'group',
  alias_db: 'alias_db',
  avp: 'avpops',
  domain: 'domain',
  trusted: 'permissions',
  address: 'permissions',
};
export type RowFields = Readonly<Record<string, string | number | null>>;

export interface NewUserFields {
  login: LoginText;
  password: string;
  email?: string;
  mobile?: string;
}

export interface UserView {
  id: string;
  /** First one first. */
  logins: LoginText[];
  email: string;
  /** Number for texts and calls; empty: none. */
  mobile: string;
  /** Remote-Party-ID; empty: none. */
  rpid: string;
  locked: boolean;
  created: string | null;
  /** `local` or the attached table. */
  source: string;
}

/** A lock that is in force. */
export interface LockView {
  /** Without a domain and not of a user of our own: in every domain. */
  login: LoginText;
  /** Of a user of our own, or of the name alone. */
  of: 'user' | 'name';
  /** ISO 8601; null: see the audit trail. */
  since: string | null;
  by: string | null;
}

export interface BindingView {
  table: string;
  aor: string;
  contact: string;
  /** 0..1 or null = none. */
  q: number | null;
  /** Seconds left; null = permanent. */
  expires: number | null;
  callId: string;
  cseq: number;
  userAgent: string;
  received: string | null;
}

export interface AuditReport {
  segments: number;
  lines: number;
  /** Empty when the chain holds. */
  faults: { file: string; line: number; fault: string }[];
}

/** What became of an SMS. */
export interface SmsMessageView {
  id: string;
  /** ISO 8601. */
  time: string;
  /** Empty: a test. */
  user: string;
  /** All but the last digits masked. */
  number: string;
  provider: string;
  state: MessageState;
  answer: string;
  /** The gateway's names for its parts. */
  gatewayIds: string[];
}

/** What the rules say of somebody, and what follows. */
export interface PolicyReasons {
  account: 'open' | 'locked' | 'unknown';
  /** One for each action of a door; in LinOTP's scopes for each that a rule names. */
  weighings: (Omit<Weighing, 'value'> & { value: Shown | null })[];
  /** Why the rules refuse; null: they do not, and in LinOTP's scopes none does. */
  refusal: string | null;
}

/** What a reload found in the files and did. */
export interface ReloadReport {
  /** That were read: gatehouse.yaml where there is one, and the script. */
  files: string[];
  /** What is in force now and was not before: the script's name, options. */
  changed: string[];
  /** What they say, but only the next start can do. */
  waiting: WaitingChange[];
  /** Warnings. */
  problems: Problem[];
}

/** Absent: whatever it is. A user without domain is meant in every domain. */
export interface AuditQuestion {
  readonly user?: string;
  readonly door?: string;
  readonly event?: string;
  readonly limit: number;
}

export interface Administration extends RealmCalls, TokenCalls, RadiusCalls, SessionCalls, VoucherCalls {
  addUser(user: NewUserFields): Promise<UserView>;
  setPassword(login: LoginText, password: string): Promise<void>;
  setEmail(login: LoginText, email: string): Promise<void>;
  /** Empty: none. */
  setMobile(login: LoginText, mobile: string): Promise<void>;
  /** What load_credentials reads as `rpid`: a URI or name-addr; empty: none. */
  setRpid(login: LoginText, rpid: string): Promise<void>;
  removeUser(login: LoginText): Promise<void>;
  /** From now on refused at every door, and out, whoever vouches for the name; gives how many sessions ended. Nobody needs to have the name. */
  lockUser(login: LoginText): Promise<number>;
  unlockUser(login: LoginText): Promise<void>;
  /** Ordered by login. */
  listLocks(options: { prefix?: string; limit: number }): Promise<LockView[]>;
  showUser(login: LoginText): Promise<UserView>;
  /** Ordered by id; `after`: the id of the last one seen. */
  listUsers(options: { prefix?: string; after?: string; limit: number }): Promise<UserView[]>;
  /** Adds what is new; the answer counts what was there already. */
  importUsers(users: NewUserFields[]): Promise<{ added: number; existing: LoginText[] }>;

  /** Of those that the user is called back at; gives the number as it will be called. */
  addNumber(login: LoginText, alias: string, number: string): Promise<string>;
  removeNumber(login: LoginText, alias: string): Promise<void>;
  listNumbers(login: LoginText): Promise<NumberView[]>;

  who(login?: LoginText): Promise<SessionInfo[]>;
  /** A session id, or a login: then all its sessions. Gives how many ended. */
  kick(what: string): Promise<number>;

  showBindings(table: string, login: LoginText): Promise<BindingView[]>;
  listBindings(table: string): Promise<BindingView[]>;
  addBinding(binding: { table: string; login: LoginText; contact: string; seconds: number; q: number }): Promise<void>;
  removeBindings(table: string, login: LoginText, contact?: string): Promise<number>;

  /** Rows whose fields equal those of `match`; `{}`: all. */
  listRows(list: SerList, match: RowFields): Promise<RowFields[]>;
  addRow(list: SerList, row: RowFields): Promise<void>;
  /** Gives how many there were. */
  removeRows(list: SerList, match: RowFields): Promise<number>;

  listPolicies(): Promise<{ policies: PolicyRule[]; contradictions: Contradiction[]; notices: PolicyNotice[] }>;
  /** Makes or changes all of them, or none; gives what contradicts each other afterwards, and what is to be known of the changed ones. */
  setPolicies(rules: PolicyRule[]): Promise<{ contradictions: Contradiction[]; notices: PolicyNotice[] }>;
  removePolicy(name: string): Promise<void>;
  /** `door`: also one of LinOTP's scopes. `time` in milliseconds since the epoch; absent: now. */
  explainPolicy(question: { user: LoginText; door: string; client: string; time?: number }): Promise<PolicyReasons>;
  /** A management command of SER's, as over its FIFO: `["ul_show_contact", ["location", "1000"]]`. */
  manage(command: string, args: string[]): Promise<{ status: number; reason: string; lines: string[] }>;

  /** Secrets in their configurations are replaced by a fixed word. */
  listSmsProviders(): Promise<SmsDefinition[]>;
  setSmsProvider(definition: SmsDefinition): Promise<void>;
  removeSmsProvider(name: string): Promise<void>;
  /** Sends one SMS, by the default provider where none is named. */
  testSms(message: { number: string; text: string; provider?: string }): Promise<{ provider: string; answer: string }>;

  /** Messages that were sent of late, newest first; `before`: the id of the last one seen. */
  listSmsMessages(options: { limit: number; before?: string; user?: string }): Promise<SmsMessageView[]>;

  /** Of an administrator of console and HTTP; `admin` is made where there is none. */
  setAdminPassword(name: string, password: string): Promise<void>;

  verifyAudit(): Promise<AuditReport>;
  /** Lines of the audit trail, newest first. */
  listAudit(question: AuditQuestion): Promise<AuditFound>;
  /** Puts changed files in force, all that they say or nothing. Errors: ProblemsError with all that is wrong with them. */
  reload(): Promise<ReloadReport>;
  status(): Promise<{
    version: string;
    startedAt: string;
    pid: number;
    /** `since`: ISO 8601, null where that says nothing. */
    health: { code: string; severity: string; text: string; since: string | null }[];
  }>;
}
