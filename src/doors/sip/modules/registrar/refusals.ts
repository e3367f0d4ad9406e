/** How a REGISTER is refused: status, reason phrase, and what P-Registrar-Error says. Source: RFC 3261 section 10.3, RFC 3327. */
import type { Run } from '../../run.ts';

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  /** Value of P-Registrar-Error. */
  readonly error: string;
  /** More header lines with CRLF. */
  readonly headers: string;
}

function refusal(status: number, reason: string, error: string, headers = ''): Refusal {
  return Object.freeze({ status, reason, error, headers });
}

const bad = (error: string) => refusal(400, 'Bad Request', error);

export const BAD_TO = bad('no user can be read from To');
export const LONG_AOR = refusal(500, 'Server Internal Error', 'address of record is too long');
export const NO_CALL_ID = bad('Call-ID or CSeq is missing or cannot be read');
export const LONG_CALL_ID = bad('Call-ID is longer than 255 bytes');
export const BAD_CONTACT = bad('a contact cannot be read');
export const OWN_CONTACT = bad('a contact is this server itself');
export const CONTACT_HEADERS = bad('a contact has header fields in its URI');
export const LONG_CONTACT = bad('a contact is longer than 255 bytes');
export const MANY_IN_REQUEST = bad('more than 64 contacts in one request');
export const STAR_NOT_ALONE = bad('* used in Contact together with other contacts');
export const STAR_NOT_ZERO = bad('* used in Contact and Expires is not zero');
export const BAD_Q = bad('q of a contact is not a number from 0 to 1');
export const OLD_CSEQ = bad('Invalid CSeq number');
export const LONG_PATH = bad('Path is longer than 255 bytes');
export const BAD_PATH = bad('Path cannot be read');
export const PATH_UNSUPPORTED = refusal(420, 'Bad Extension', 'Path used but not supported', 'Unsupported: path\r\n');
export const BUSY = refusal(503, 'Service Unavailable', 'too many requests of this user wait', 'Retry-After: 5\r\n');

/** RFC 3261 section 10.3 step 7; `least` in seconds. */
export function tooBrief(least: number): Refusal {
  return refusal(423, 'Interval Too Brief', 'Expires is too short', `Min-Expires: ${least}\r\n`);
}

export function tooManyContacts(retryAfter: number): Refusal {
  const headers = retryAfter > 0 ? `Retry-After: ${retryAfter}\r\n` : '';
  return refusal(503, 'Service Unavailable', 'Too many registered contacts', headers);
}

/** The hook's reason goes to the log and the audit trail, not over the wire. */
export const NOT_ADMITTED = refusal(403, 'Forbidden', 'not admitted');
/** Other words than those of max_contacts, which is about the address and not about who registers. */
export const MANY_SESSIONS = refusal(403, 'Too Many Telephones', 'the user has as many contacts as he may have');

/** The database cannot be written. */
export function notStored(code: string, retryAfter: number): Refusal {
  if (code !== 'STORAGE_UNAVAILABLE' && code !== 'STORAGE_BUSY') {
    return refusal(500, 'Server Internal Error', 'the contact could not be stored');
  }
  const headers = `Retry-After: ${retryAfter || 10}\r\n`;
  return refusal(503, 'Service Unavailable', 'the contact cannot be stored now', headers);
}

/** Sends it and gives the script's result: 0, since a reply is sent, or -1 when it could not be. */
export function refuse(run: Run, what: Refusal): number {
  const headers = `P-Registrar-Error: ${what.error}\r\n${what.headers}`;
  return run.reply(what.status, what.reason, headers) ? 0 : -1;
}
