/** usrloc's parameters (SER 0.9 and OpenSER 1.3), and what they mean here. */
import type { LocationSpec } from '../../../../core/ser/types.ts';
import type { ParameterSpec, ParameterValues, ScriptUses } from '../../script/types.ts';
import type { Services } from '../../services.ts';
import { sqlName } from '../value-checks.ts';
import type { UsrlocSettings } from './usrloc.ts';

const COLUMNS = [
  ['user_column', 'username'],
  ['domain_column', 'domain'],
  ['contact_column', 'contact'],
  ['expires_column', 'expires'],
  ['q_column', 'q'],
  ['callid_column', 'callid'],
  ['cseq_column', 'cseq'],
  ['flags_column', 'flags'],
  ['cflags_column', 'cflags'],
  ['user_agent_column', 'user_agent'],
  ['received_column', 'received'],
  ['path_column', 'path'],
  ['socket_column', 'socket'],
  ['methods_column', 'methods'],
] as const;

function int(name: string, fallback: number, min: number, max: number, describe: string): ParameterSpec {
  const check = (value: string | number) =>
    Number(value) < min || Number(value) > max ? `must be a number from ${min} to ${max}` : undefined;
  return { name, type: 'int', default: fallback, describe, check };
}

/** The contacts in memory are kept as it says. */
function held(spec: ParameterSpec): ParameterSpec {
  return { ...spec, held: true };
}

export const USRLOC_PARAMETERS: readonly ParameterSpec[] = [
  {
    name: 'db_url',
    type: 'string',
    default: null,
    secret: true,
    describe:
      'Database of the tables of contacts, like mysql:// or postgres://USER:PASSWORD@HOST/DATABASE; unset: the main one.',
  },
  held(
    int(
      'db_mode',
      0,
      0,
      3,
      '0: memory only, a restart forgets all contacts. 1: each REGISTER is answered once its rows are on disk. 2: the same, but a mere ' +
        'refresh is answered once it is on disk in `gh_refresh`, and in its row within timer_interval. 3: as 1, and what a request ' +
        'needs is read from the table each time, for several servers with one database.',
    ),
  ),
  held(int('use_domain', 0, 0, 1, '1: user@domain is the address of record; 0: the user part alone.')),
  held(int('desc_time_order', 0, 0, 1, '1: newest contact first, whatever its q; 0: highest q first, then newest.')),
  held(
    int(
      'matching_mode',
      0,
      0,
      1,
      '0: a contact is known by its URI. 1: by its URI and the Call-ID of its REGISTER, so two telephones of a user behind different ' +
        'NATs may have the same URI; an attached table must not have a unique key without the Call-ID. There is no 2 (Kamailio: and Path).',
    ),
  ),
  int('cseq_delay', 20, 0, 3600, 'Seconds within which a REGISTER with an equal CSeq counts as a retransmission.'),
  held(
    int(
      'timer_interval',
      60,
      1,
      86_400,
      'With db_mode 2: seconds until a refresh is in its row. With db_mode 3: seconds until lists of contacts and pings know what other ' +
        'servers wrote. Otherwise without effect.',
    ),
  ),
  int('fetch_rows', 2000, 0, 1_000_000, 'Accepted without effect: the preload comes in pieces anyway.'),
  int('hash_size', 9, 0, 31, 'Accepted without effect: tables grow by themselves.'),
  int('nat_bflag', -1, -1, 31, 'OpenSER: the branch flag that means a telephone behind a NAT; -1: none.'),
  ...COLUMNS.map(
    ([name, column]): ParameterSpec => ({
      name,
      type: 'string',
      default: column,
      describe: `Column that the tables have for ${column}.`,
      check: sqlName,
      held: true,
    }),
  ),
];

/** Where a table of contacts lies, and which of its columns have other names. */
export function usrlocSpec(values: ParameterValues, table: string, database: (url: string) => string): LocationSpec {
  const columns: Record<string, string> = {};
  for (const [name, column] of COLUMNS) {
    const given = values[name];
    if (given !== null && given !== undefined && given !== column) columns[column] = String(given);
  }
  const behind = values.db_mode === 2 ? { behind: Number(values.timer_interval) } : {};
  const where = Number(values.db_mode) > 0 ? database(String(values.db_url ?? '')) : 'main';
  const byCallId = values.matching_mode === 1 ? { byCallId: true as const } : {};
  return { database: where, table, columns, ...behind, ...byCallId };
}

export function usrlocSettings(values: ParameterValues, services: Services, uses: ScriptUses): UsrlocSettings {
  return {
    specOf: (table) => usrlocSpec(values, table, (dbUrl) => services.database(dbUrl)),
    durable: Number(values.db_mode) > 0,
    readThrough: values.db_mode === 3,
    listIntervalMs: Number(values.timer_interval) * 1000,
    useDomain: values.use_domain === 1,
    caseSensitive: uses.parametersOf('registrar')?.case_sensitive === 1,
    newestFirst: values.desc_time_order === 1 || uses.parametersOf('registrar')?.desc_time_order === 1,
    cseqDelay: Number(values.cseq_delay),
    natBranchFlag: Number(values.nat_bflag) < 0 ? 0 : (1 << Number(values.nat_bflag)) | 0,
  };
}
