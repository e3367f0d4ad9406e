/** What an error of MySQL, MariaDB or of the way to them means, by mysql2's name for it. */

/** The server's state and not the values: connections, locks, disk full, read only, shutdown, a Galera node cut off. */
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_CON_COUNT_ERROR',
  'ER_DISK_FULL',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_LOCK_TABLE_FULL',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_OUT_OF_RESOURCES',
  'ER_QUERY_INTERRUPTED',
  'ER_READ_ONLY_MODE',
  'ER_RECORD_FILE_FULL',
  'ER_SERVER_SHUTDOWN',
  'ER_UNKNOWN_COM_ERROR',
]);

/** Another server may take what this one does not: it is read only, hangs, or belongs to no cluster. */
const ELSEWHERE = new Set([
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
  'ER_UNKNOWN_COM_ERROR',
]);

const REFUSED = new Set(['ER_ACCESS_DENIED_ERROR', 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR']);

export function isAway(error: unknown): boolean {
  return isFatal(error) || AWAY.has(codeOf(error));
}

/** After a time-out the answer may still come, and nobody could tell to which question. */
export function spoilsConnection(error: unknown): boolean {
  return isFatal(error) || spoilsServer(error);
}

/** Another one is asked next. One that is gone shows when it is connected to again. */
export function spoilsServer(error: unknown): boolean {
  return ELSEWHERE.has(codeOf(error));
}

export function isRefusal(error: unknown): boolean {
  return REFUSED.has(codeOf(error));
}

export function isTimeout(error: unknown): boolean {
  return codeOf(error) === 'PROTOCOL_SEQUENCE_TIMEOUT';
}

/** Ours: nothing came in time. */
export function noAnswer(): Error {
  return Object.assign(new Error('the database server did not answer in time'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
}

export function isFatal(error: unknown): boolean {
  return (error as { fatal?: unknown }).fatal === true;
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
