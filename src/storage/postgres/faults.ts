/** What an error of PostgreSQL or of the way to it means, by SQLSTATE (PostgreSQL's manual, appendix A) or system code. */

const NETWORK = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * Classes and codes that tell of the server's state and not of the values: connections, read only, deadlock and
 * serialization, resources, locks, intervention of an administrator, shutdown, input and output. 26000: the session was
 * reset, and the statements prepared in it with it.
 */
const AWAY = /^(08...|25006|25P0[34]|26000|40001|40P01|53...|55P03|55006|57...|58...)$/;

/** After these the connection is of no use: another server, or another session, must be asked. */
const USELESS = /^(08...|25006|25P03|26000|57P0.)$/;

/** Errors of the driver have no code. */
const DRIVER = /^(Connection terminated|timeout expired|Client (was closed|has encountered))/;

export function isAway(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return NETWORK.has(code) || AWAY.test(code);
  return DRIVER.test(String(message));
}

export function spoilsConnection(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? NETWORK.has(code) || USELESS.test(code) : isAway(error);
}

/** It hangs, or takes no writes: another one is asked next. One that is gone shows when it is connected to again. */
export function spoilsServer(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ETIMEDOUT' || code === '25006';
}

/** 28: no such user, wrong password, pg_hba.conf; the driver says that there is no password to send. */
export function isRefusal(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? /^28...$/.test(code) : /client password must be/.test(String(message));
}

/** Ours: nothing came in time. */
export function noAnswer(): Error {
  return Object.assign(new Error('the database server did not answer in time'), { code: 'ETIMEDOUT' });
}
