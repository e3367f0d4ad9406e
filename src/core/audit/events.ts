/**
 * Events as lines of the audit trail: JSON objects of flat fields, `time` (ISO 8601, UTC) and `event` first.
 *
 * Texts from outside are bounded and freed of control characters, so that a line can be shown on a terminal as it is.
 */
import type { Change } from '../journal/types.ts';

export type AuditEvent =
  | 'refused' // a proof, or who gave it, was not good enough
  | 'refused-many' // refusals that were counted instead of written
  | 'challenge' // a code was made for somebody, and is on its way
  | 'code-accepted' // a one-time value was right, and is used up
  | 'called-back' // a number was called, as somebody had asked, or would be no longer
  | 'opened'
  | 'ended'
  | 'refreshed'
  | 'disconnect' // equipment was asked to put somebody out, and what it said
  | 'changed' // a session was given other terms; behind equipment: it was asked to, and what it said
  | 'sms-failed' // no provider took a message
  | 'admin'; // an administrator changed something

export type AuditFields = Readonly<Record<string, string | number | boolean | undefined>>;

const MAX_TEXT = 256;
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The JSON text of the event; undefined fields are left out. Field names never come from outside. */
export function auditLine(time: number, event: AuditEvent, fields: AuditFields): string {
  const line: Record<string, string | number | boolean> = { time: new Date(time).toISOString(), event };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line[name] = typeof value === 'string' ? cleanText(value) : value;
  }
  return JSON.stringify(line);
}

export function auditChange(time: number, event: AuditEvent, fields: AuditFields): Change {
  return { kind: 'audit', line: auditLine(time, event, fields) };
}

function cleanText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
  return short.replace(UNPRINTABLE, '?').toWellFormed();
}
