/**
 * /audit/search: the audit trail in LinOTP's columns, newest line first, as its tables (flexigrid) want it or as CSV.
 *
 * `user=a*`, `action=…`: any column, `*` stands for any text; or `query` and `qtype`. Pages by `page` and `rp`. Errors: OTP_PARAMETER, AUDIT_BROKEN.
 */
import type { AuditEntry, AuditFieldsFound, AuditFound, AuditQuery } from '../../../core/audit/search.ts';
import { type AdminCalls, type Outcome, reads } from '../call.ts';
import { csvText } from '../csv.ts';
import { type Fields, parameterError, wholeNumber } from '../fields.ts';
import { textPattern } from '../pattern.ts';
import { textReply } from '../reply.ts';

export type SearchAudit = (query: AuditQuery) => Promise<AuditFound>;

const COLUMNS = [
  'number',
  'date',
  'sig_check',
  'missing_line',
  'action',
  'success',
  'serial',
  'token_type',
  'user',
  'realm',
  'administrator',
  'action_detail',
  'info',
  'linotp_server',
  'client',
  'log_level',
  'clearance_level',
] as const;
type Column = (typeof COLUMNS)[number];

const PAGE = 15;
const MAX_PAGE = 10_000;
const FAILURES: ReadonlySet<unknown> = new Set(['refused', 'refused-many', 'sms-failed']);
/** Fields that have a column of their own. */
const PLACED: ReadonlySet<string> = new Set([
  ...['time', 'event', 'action', 'serial', 'type', 'user', 'realm', 'by', 'reason', 'client', 'seq', 'mac'],
]);

export function auditCalls(search: SearchAudit): AdminCalls {
  return {
    '/audit/search': reads(async (fields, caller) => {
      caller.require('audit', 'view');
      return searchAudit(fields, search);
    }),
  };
}

export async function searchAudit(fields: Fields, search: SearchAudit): Promise<Outcome> {
  const page = Math.max(1, wholeNumber(fields, 'page') ?? 1);
  const limit = Math.min(MAX_PAGE, Math.max(1, wholeNumber(fields, 'rp') ?? PAGE));
  const asCsv = fields.get('outform') === 'csv';
  const matches = matcherOf(fields);
  const found = await search(
    asCsv ? { matches, skip: 0, limit: MAX_PAGE } : { matches, skip: (page - 1) * limit, limit },
  );
  const rows = found.entries.map(rowOf);
  if (asCsv) {
    const body = csvText(
      COLUMNS,
      rows.map((row) => COLUMNS.map((column) => row[column])),
    );
    return {
      ...textReply(body, 'text/csv; charset=utf-8'),
      headers: { 'content-disposition': 'attachment; filename="linotp-audit.csv"' },
    };
  }
  const cells = rows.map((row) => ({ id: row.number, cell: COLUMNS.map((column) => row[column]) }));
  return textReply(JSON.stringify({ page, total: found.total, rows: cells }), 'application/json');
}

function matcherOf(fields: Fields): AuditQuery['matches'] {
  const wanted = COLUMNS.flatMap((column) =>
    fields.get(column) ? [{ column, pattern: textPattern(fields.get(column)!) }] : [],
  );
  const query = fields.get('query');
  if (query) {
    const type = fields.get('qtype') ?? 'all';
    if (type !== 'all' && !isColumn(type))
      throw parameterError(`there is no column ${JSON.stringify(type.slice(0, 40))}`);
    const pattern = textPattern(`*${query}*`);
    if (type !== 'all') wanted.push({ column: type, pattern });
    else return (line) => COLUMNS.some((column) => pattern(textOf(line, column))) && all(line);
  }
  return all;

  function all(line: AuditFieldsFound): boolean {
    return wanted.every(({ column, pattern }) => pattern(textOf(line, column)));
  }
}

function isColumn(name: string): name is Column {
  return (COLUMNS as readonly string[]).includes(name);
}

function rowOf({ sequence, fields, genuine }: AuditEntry): Record<Column, string> {
  const texts = Object.fromEntries(COLUMNS.map((column) => [column, textOf(fields, column)])) as Record<Column, string>;
  return { ...texts, number: String(sequence), sig_check: genuine ? 'OK' : 'FAIL' };
}

function textOf(fields: AuditFieldsFound, column: Column): string {
  const { event = '', door, action, reason, type, by, time = '' } = fields;
  switch (column) {
    case 'number':
      return String(fields.seq ?? '');
    case 'date':
      return String(time).replace('T', ' ').replace('Z', '');
    case 'action':
      return String(action ?? (door === undefined ? event : `${door}/${event}`));
    case 'success':
      return FAILURES.has(event) ? '0' : '1';
    case 'token_type':
      return String(type ?? '');
    case 'administrator':
      return String(by ?? '');
    case 'action_detail':
      return String(reason ?? '');
    case 'info':
      return Object.entries(fields)
        .filter(([name]) => !PLACED.has(name))
        .map(([name, value]) => `${name}=${value}`)
        .join(' ');
    case 'serial':
    case 'user':
    case 'realm':
    case 'client':
      return String(fields[column] ?? '');
    default:
      return '';
  }
}
