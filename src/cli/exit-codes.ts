/** What the exit status of gatehouse tells a script. Stable: a number never changes its meaning. */
import { GatehouseError } from '../platform/errors.ts';
import { ProblemsError } from '../platform/problems.ts';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  configuration: 3,
  unreachable: 4,
  notFound: 5,
  exists: 6,
  checkFailed: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANING: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'failed for another reason',
  2: 'the command line, a name or a password is not acceptable',
  3: 'the configuration has errors',
  4: 'the server, its database or the other side of a call cannot be reached',
  5: 'no such user, session or contact',
  6: 'it is there already (user, alias, running server)',
  7: 'check or audit verify found errors',
};

const SPECIAL: Readonly<Record<string, ExitCode>> = {
  COMMAND_LINE: EXIT.usage,
  BAD_LOGIN: EXIT.usage,
  CONTACT_INVALID: EXIT.usage,
  ARGUMENTS_INVALID: EXIT.usage,
  ROW_INVALID: EXIT.usage,
  ROWS_UNUSED: EXIT.configuration,
  PASSWORD_EMPTY: EXIT.usage,
  PASSWORD_TOO_LONG: EXIT.usage,
  PASSWORD_MISSING: EXIT.usage,
  PASSWORD_MISMATCH: EXIT.usage,
  ADMIN_PASSWORD_SHORT: EXIT.usage,
  USER_AMBIGUOUS: EXIT.usage,
  USER_NO_MOBILE: EXIT.usage,
  MOBILE_INVALID: EXIT.usage,
  USER_NO_RPID: EXIT.usage,
  RPID_INVALID: EXIT.usage,
  USER_LOCKED_BY_NAME: EXIT.usage,
  JSON_INVALID: EXIT.usage,
  SMS_CONFIG: EXIT.usage,
  SMS_CLASS: EXIT.notFound,
  SMS_PROVIDER: EXIT.usage,
  SMS_NUMBER: EXIT.usage,
  SMS_UNREACHABLE: EXIT.unreachable,
  SMS_BUSY: EXIT.unreachable,
  RESOLVER_NAME: EXIT.usage,
  RESOLVER_TYPE: EXIT.usage,
  RESOLVER_CONFIG: EXIT.usage,
  RESOLVER_USED: EXIT.usage,
  RESOLVER_UNAVAILABLE: EXIT.unreachable,
  REALM_NAME: EXIT.usage,
  TOKEN_INVALID: EXIT.usage,
  TOKEN_TAKEN: EXIT.exists,
  TOKEN_EXISTS: EXIT.exists,
  TOKEN_LIMIT: EXIT.exists,
  SYSTEM_CONFIG: EXIT.usage,
  POLICY_INVALID: EXIT.usage,
  POLICY_NAME: EXIT.usage,
  POLICY_FILE: EXIT.usage,
  POLICY_LOCKOUT: EXIT.usage,
  DIAL_ACCOUNT_NAME: EXIT.usage,
  DIAL_ACCOUNT_SETTING: EXIT.usage,
  DIAL_NO_MODEM: EXIT.usage,
  DIAL_IMPORT: EXIT.usage,
  DIAL_BUSY: EXIT.unreachable,
  DIAL_UNANSWERED: EXIT.unreachable,
  DIAL_NO_CALLBACK: EXIT.unreachable,
  LINE_LOCKED: EXIT.unreachable,
  DATA_MISSING: EXIT.usage,
  FILE_UNREADABLE: EXIT.usage,
  SCRIPT_UNREADABLE: EXIT.configuration,
  BAD_DATABASE_URL: EXIT.configuration,
  SER_DB_URLS_DIFFER: EXIT.configuration,
  SER_DB_URL: EXIT.configuration,
  SER_TABLE_MISSING: EXIT.configuration,
  SER_TABLE_LAYOUT: EXIT.configuration,
  SER_TABLE_KEY: EXIT.configuration,
  SERVER_RUNNING: EXIT.exists,
  DATA_IN_USE: EXIT.unreachable,
  SERVER_NOT_RUNNING: EXIT.unreachable,
  METHOD_UNKNOWN: EXIT.failed,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ProblemsError) return EXIT.configuration;
  if (!(error instanceof GatehouseError)) return EXIT.failed;
  const { code } = error;
  if (SPECIAL[code] !== undefined) return SPECIAL[code];
  if (code.startsWith('CONFIG_')) return EXIT.configuration;
  if (code.startsWith('STORAGE_') || code.startsWith('CONTROL_')) return EXIT.unreachable;
  if (code.endsWith('_UNKNOWN')) return EXIT.notFound;
  return code.endsWith('_EXISTS') ? EXIT.exists : EXIT.failed;
}
