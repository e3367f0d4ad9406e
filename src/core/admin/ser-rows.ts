/**
 * The small SER tables that modules of a script read, as administration changes them: groups, aliases, AVPs, domains, trusted
 * senders. Each list has its fields, whatever the columns are called; what the script does not use is refused.
 *
 * Unicode here, wire texts in the tables. A change and its audit line are durable together, and the next question of a script sees it;
 * tables that a module keeps in memory as a whole are read again within seconds.
 * Errors: ROWS_UNUSED, ROW_INVALID, ROW_EXISTS, BAD_LOGIN, those of SerTables and the journal.
 */
import { isIP } from 'node:net';
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import { commit } from '../journal/commit.ts';
import type { Journal } from '../journal/types.ts';
import type { RowCell, RowsMatch, RowsSpec, SerTables } from '../ser/types.ts';
import { unicodeText, wireText } from '../ser/wire-text.ts';
import { parseLogin } from './login.ts';
import { type Administration, LIST_MODULES, SER_LISTS as LISTS, type RowFields, type SerList } from './types.ts';

const SER_LISTS: { readonly [List in SerList]: readonly string[] } = LISTS;

type RowCalls = Pick<Administration, 'listRows' | 'addRow' | 'removeRows'>;

/** A list as the script uses it: columns in the order of the list's fields, of which the last may be missing. */
export type FindRows = (list: SerList) => RowsSpec | undefined;

export interface RowCallsParts {
  readonly tables: SerTables;
  readonly journal: Journal;
  readonly find: FindRows;
  event(action: string, fields: AuditFields): AuditLines;
}

/** Of one answer. */
const MOST_ROWS = 10_000;
const MAX_TEXT = 255;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const PROTOCOLS = ['any', 'udp', 'tcp', 'tls', 'ws', 'wss', 'none'];

/** What serctl gives where nothing is said, and the scripts' modules take for anything. */
const PRESETS: { readonly [List in SerList]: RowFields } = {
  acl: { domain: '' },
  alias_db: { domain: '', alias_domain: '' },
  avp: { uuid: '', username: '', domain: '', type: 0 },
  domain: {},
  trusted: { proto: 'any', from_pattern: null, tag: null },
  address: { grp: 0, mask: 32, port: 0 },
};
/** A field that is a number, and its bounds. */
const NUMBERS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  'avp.type': [0, 3],
  'address.grp': [0, 2 ** 31 - 1],
  'address.mask': [0, 128],
  'address.port': [0, 65_535],
};
const MAY_BE_EMPTY = new Set(['domain', 'alias_domain', 'uuid', 'username', 'value']);

export function rowCalls({ tables, journal, find, event }: RowCallsParts): RowCalls {
  return { listRows, addRow, removeRows };

  async function listRows(list: SerList, match: RowFields): Promise<RowFields[]> {
    const spec = open(list);
    const rows = await tables.readRows(spec, matchOf(list, spec, match), MOST_ROWS + 1);
    if (rows.length > MOST_ROWS) {
      throw new GatehouseError('ANSWER_TOO_LONG', `${spec.table} has more than ${MOST_ROWS} such rows`, {
        hint: 'ask for those of one user',
      });
    }
    const fields = SER_LISTS[list];
    return rows.map((row) => Object.fromEntries(row.map((cell, i) => [fields[i]!, shown(cell)])));
  }

  async function addRow(list: SerList, given: RowFields): Promise<void> {
    const spec = open(list);
    const row = { ...PRESETS[list], ...given };
    checkRow(list, row);
    const fields = SER_LISTS[list].slice(0, spec.columns.length);
    const unread = Object.keys(given).find((name) => !fields.includes(name));
    if (unread !== undefined) throw invalid(`the script reads no ${unread} from ${spec.table}`);
    const values = fields.map((name) => stored(row[name] ?? null));
    // NULL is not equal to anything.
    const same = fields.flatMap((name, i) =>
      row[name] === null ? [] : [[spec.columns[i]!, String(values[i])] as const],
    );
    if ((await tables.readRows(spec, same, 1)).length > 0) {
      throw new GatehouseError('ROW_EXISTS', `${spec.table} has this row already`);
    }
    await change([{ kind: 'insert-row', table: spec, values }], 'add-row', list, row);
  }

  async function removeRows(list: SerList, match: RowFields): Promise<number> {
    const spec = open(list);
    const where = matchOf(list, spec, match);
    if (where.length === 0) throw invalid('say which rows, by one field at least');
    const { length } = await tables.readRows(spec, where, MOST_ROWS);
    if (length > 0) await change([{ kind: 'delete-rows', table: spec, where }], 'remove-rows', list, match);
    return length;
  }

  async function change(unit: Parameters<typeof commit>[1], action: string, list: SerList, row: RowFields) {
    const fields = Object.entries(row).map(([name, value]) => [name, value ?? undefined]);
    const lines = event(action, { list, ...Object.fromEntries(fields) });
    await commit(journal, [...unit, ...lines.map((line) => ({ kind: 'audit', line }) as const)]);
    tables.rowsChanged();
  }

  function open(list: SerList): RowsSpec {
    const spec = find(list);
    if (spec) return spec;
    throw new GatehouseError('ROWS_UNUSED', `the script does not use ${list}, so nobody would read such rows`, {
      hint: `load the module ${LIST_MODULES[list]} in ser.cfg, then run: gatehouse reload`,
    });
  }
}

function matchOf(list: SerList, spec: RowsSpec, match: RowFields): RowsMatch {
  return Object.entries(match).map(([name, value]) => {
    const column = spec.columns[SER_LISTS[list].indexOf(name)];
    if (column === undefined || value === null) throw invalid(`rows of ${list} cannot be found by ${name}`);
    return [column, String(stored(value))] as const;
  });
}

function checkRow(list: SerList, row: RowFields): void {
  for (const name of SER_LISTS[list]) {
    const value = row[name];
    const bounds = NUMBERS[`${list}.${name}`];
    if (value === null) continue;
    if (value === undefined || (value === '' && !MAY_BE_EMPTY.has(name))) throw invalid(`${name} is missing`);
    if (bounds) {
      const fits = Number.isInteger(value) && Number(value) >= bounds[0] && Number(value) <= bounds[1];
      if (!fits) throw invalid(`${name} must be a number from ${bounds[0]} to ${bounds[1]}`);
    } else if (typeof value !== 'string') throw invalid(`${name} must be a text`);
    else if (value.length > MAX_TEXT || CONTROL.test(value))
      throw invalid(`${name} is too long or has control characters`);
  }
  const { username, domain, alias_username: alias, alias_domain: aliasDomain, uuid, proto } = row;
  if (username) parseLogin(loginOf(username, domain), '');
  if (alias) parseLogin(loginOf(alias, aliasDomain), '');
  if (list === 'acl' || list === 'alias_db') if (!username) throw invalid('username is missing');
  if (list === 'avp' && !username && !uuid) throw invalid('an AVP belongs to a uuid or a username');
  if (list === 'domain' && !/^[\w.:[\]-]+$/.test(String(domain))) throw invalid(`${domain} is no domain`);
  const address = list === 'trusted' ? row.src_ip : list === 'address' ? row.ip_addr : undefined;
  if (address !== undefined && isIP(String(address)) === 0) throw invalid(`${address} is no address`);
  if (list === 'trusted' && !PROTOCOLS.includes(String(proto)))
    throw invalid(`proto is one of ${PROTOCOLS.join(', ')}`);
}

function loginOf(name: RowCell, domain: RowCell | undefined): string {
  return domain ? `${name}@${domain}` : String(name);
}

function stored(value: RowCell): RowCell {
  return typeof value === 'string' ? wireText(value) : value;
}

function shown(value: RowCell): RowCell {
  return typeof value === 'string' ? unicodeText(value) : value;
}

function invalid(message: string): GatehouseError {
  return new GatehouseError('ROW_INVALID', message);
}
