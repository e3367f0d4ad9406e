/** acc's parameters: those of OpenSER 1.3 and of SER 0.9, and the columns of both. */
import type { ParameterSpec } from '../../script/types.ts';
import { databaseUrl, flag, sqlName } from '../value-checks.ts';
import { checkExtra, checkLegs } from './extra.ts';
import { checkFormat } from './log-lines.ts';
import {
  CALL_ID,
  CODE,
  DOMAIN,
  type Field,
  FROM,
  FROM_TAG,
  FROM_URI,
  INBOUND_URI,
  METHOD,
  OUTBOUND_URI,
  REASON,
  TIME,
  TO,
  TO_TAG,
  TO_URI,
  USER,
} from './record.ts';

interface Column {
  readonly parameter: string;
  readonly usual: string;
  readonly read: Field;
}

const column = (parameter: string, usual: string, read: Field): Column => ({
  parameter: `acc_${parameter}`,
  usual,
  read,
});
const TIME_COLUMN = column('time_column', 'time', TIME);

export const OPENSER_COLUMNS: readonly Column[] = [
  column('method_column', 'method', METHOD),
  column('from_tag_column', 'from_tag', FROM_TAG),
  column('to_tag_column', 'to_tag', TO_TAG),
  column('callid_column', 'callid', CALL_ID),
  column('sip_code_column', 'sip_code', CODE),
  column('sip_reason_column', 'sip_reason', REASON),
  TIME_COLUMN,
];

export const SER_COLUMNS: readonly Column[] = [
  column('sip_from_column', 'sip_from', FROM),
  column('sip_to_column', 'sip_to', TO),
  column('sip_status_column', 'sip_status', CODE),
  column('sip_method_column', 'sip_method', METHOD),
  column('i_uri_column', 'i_uri', INBOUND_URI),
  column('o_uri_column', 'o_uri', OUTBOUND_URI),
  column('from_uri', 'from_uri', FROM_URI),
  column('to_uri', 'to_uri', TO_URI),
  column('sip_callid_column', 'sip_callid', CALL_ID),
  column('user_column', 'username', USER),
  column('domain_column', 'domain', DOMAIN),
  column('fromtag_column', 'fromtag', FROM_TAG),
  column('totag_column', 'totag', TO_TAG),
  TIME_COLUMN,
];

export const ACC_PARAMETERS: readonly ParameterSpec[] = [
  number('log_flag', 'log of requests that are answered'),
  number('log_missed_flag', 'log of INVITEs that fail'),
  {
    name: 'log_level',
    type: 'int',
    default: 2,
    describe: 'Level of the lines: up to -1 error, 1 warning, 2 and 3 information, 4 debug.',
  },
  {
    name: 'log_fmt',
    type: 'string',
    default: null,
    describe:
      'Fields of a line as SER names them: c Call-ID, d To tag, f From, i and o Request-URI as it came and as it went, m method, ' +
      'p user of the former, r From tag, s status, t To, u user; unset: those of OpenSER.',
    check: checkFormat,
  },
  { name: 'log_facility', type: 'string', default: null, describe: 'Accepted and without effect: there is one log.' },
  text('log_extra', 'Further fields of a line: "ua=$hdr(User-Agent);uuid=$avp(s:uuid)".', checkExtra),
  databaseUrl,
  number('db_flag', 'table of requests that are answered'),
  number('db_missed_flag', 'table of INVITEs that fail'),
  table('db_table_acc', 'acc', 'Table of requests that are answered, made in a database of our own.'),
  table('db_table_missed_calls', 'missed_calls', 'Table of INVITEs that fail.'),
  text('db_extra', 'Further columns, as log_extra.', checkExtra),
  text(
    'multi_leg_info',
    'Columns and fields of a call that was diverted, "src=$avp(s:src);dst=$avp(s:dst)": a row for each value.',
    checkLegs,
  ),
  number('failed_transaction_flag', 'accounts of requests whose answer is 300 or more, too'),
  bit('failed_transactions', 0, '1: all flagged requests whose answer is 300 or more, too.'),
  bit('early_media', 0, '1: provisional replies that have a body, too.'),
  bit('report_ack', null, '1: flagged ACKs, too. Unset: 1 in a file of the SER dialect, else 0.'),
  bit('report_cancels', 0, '1: flagged CANCELs, too.'),
  bit(
    'detect_direction',
    0,
    '1: the From tag is of whoever began the dialog, also when the other side sends; needs append_fromtag of rr.',
  ),
  ...new Map([...OPENSER_COLUMNS, ...SER_COLUMNS].map((one) => [one.parameter, one])).values().map(
    ({ parameter, usual }): ParameterSpec => ({
      name: parameter,
      type: 'string',
      default: usual,
      describe: `Column ${usual} of ${columnOf(parameter)}.`,
      check: sqlName,
    }),
  ),
];

function columnOf(parameter: string): string {
  if (parameter === TIME_COLUMN.parameter) return 'both layouts';
  return OPENSER_COLUMNS.some((one) => one.parameter === parameter) ? "OpenSER's layout" : "SER's layout";
}

function number(name: string, what: string): ParameterSpec {
  return {
    name,
    type: 'int',
    default: null,
    describe: `The flag for the ${what}; unset: none.`,
    check: (value) =>
      Number(value) >= 0 && Number(value) <= 31 ? undefined : `must be a flag from 0 to 31, but is ${value}`,
  };
}

function bit(name: string, preset: number | null, describe: string): ParameterSpec {
  return { name, type: 'int', default: preset, describe, check: flag };
}

function text(name: string, describe: string, check: NonNullable<ParameterSpec['check']>): ParameterSpec {
  return { name, type: 'string', default: null, describe, check };
}

function table(name: string, preset: string, describe: string): ParameterSpec {
  return { name, type: 'string', default: preset, describe, check: sqlName };
}
