/**
 * How bindings lie in one location table: found once from its columns and keys, then followed by reads and writes.
 *
 * Three ways to replace a row, after the keys that the table has:
 *   unique   a unique key on the binding's own columns (SER 0.9, tables of our own): upsert
 *   ruid     Kamailio's unique `ruid`, which we derive from the key of the binding: upsert
 *   replace  none (OpenSER 1.3): delete by key, then insert
 *
 * Errors: SER_TABLE_LAYOUT; SER_TABLE_KEY where bindings differ by their Call-IDs, and a unique key forbids that.
 */
import { hash } from 'node:crypto';
import type { LocationSpec, TableReport } from '../../core/ser/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { type BindingField, type Cell, FIELD, PUT } from '../batch.ts';
import type { Column, Row, TableShape } from '../table-shape.ts';
import { expiryFromDatetime, FIRST_EXPIRY, FOREVER, fromDatetime, toDatetime } from './datetime.ts';

type Kind = 'text' | 'number' | 'bits' | 'expires' | 'modified' | 'ruid';

export interface PlanColumn {
  readonly name: string;
  readonly field: BindingField;
  readonly kind: Kind;
  /** Longest text in characters, 0 = none. */
  readonly limit: number;
  readonly nullable: boolean;
  readonly collation: string | undefined;
}

export interface LocationPlan {
  readonly table: string;
  readonly columns: readonly PlanColumn[];
  /** The columns that make the key, in the order username, domain, contact, and callid where that counts. */
  readonly key: readonly PlanColumn[];
  readonly replace: 'unique' | 'ruid' | 'replace';
  readonly report: TableReport;
  /** S marks permanent bindings with flag 128. */
  readonly permanentFlag: number;
}

/** Our field, the usual column, and what it holds. */
const COLUMNS: readonly (readonly [BindingField, string, Kind])[] = [
  ['username', 'username', 'text'],
  ['domain', 'domain', 'text'],
  ['contact', 'contact', 'text'],
  ['received', 'received', 'text'],
  ['path', 'path', 'text'],
  ['expires', 'expires', 'expires'],
  ['q', 'q', 'number'],
  ['callId', 'callid', 'text'],
  ['cseq', 'cseq', 'number'],
  ['flags', 'flags', 'bits'],
  ['branchFlags', 'cflags', 'bits'],
  ['userAgent', 'user_agent', 'text'],
  ['socket', 'socket', 'text'],
  ['methods', 'methods', 'bits'],
  ['modified', 'last_modified', 'modified'],
];
const ALL_METHODS = 0xffffffff;
const KEY: readonly BindingField[] = ['username', 'domain', 'contact'];
const REQUIRED = ['username', 'contact', 'expires', 'callid', 'cseq'];

export function planLocation(spec: LocationSpec, shape: TableShape, attached: boolean): LocationPlan {
  const there = new Map(shape.columns.map((column) => [column.name.toLowerCase(), column]));
  const nameOf = (usual: string) => spec.columns[usual] ?? usual;
  const missing = REQUIRED.map(nameOf).filter((name) => !there.has(name.toLowerCase()));
  if (missing.length > 0) throw layoutError(spec.table, missing, shape.columns);
  const columns = COLUMNS.flatMap(([field, usual, kind]) => {
    const column = there.get(nameOf(usual).toLowerCase());
    return column ? [planColumn(column, field, kind)] : [];
  });
  const ruid = there.get('ruid');
  const key = columns.filter(({ field }) => KEY.includes(field) || (spec.byCallId && field === 'callId'));
  const hasKey = (names: readonly string[]) => shape.uniqueKeys.some((unique) => sameNames(unique, names));
  // A NULL in a key column makes the unique key miss, so that an upsert would double the row.
  const unique = hasKey(key.map(({ name }) => name)) && key.every(({ nullable }) => !nullable);
  if (spec.byCallId) {
    const narrow = key.filter(({ field }) => field !== 'callId').map(({ name }) => name);
    const tooNarrow = shape.uniqueKeys.find((names) => isAmong(names, narrow));
    if (tooNarrow) throw keyError(spec.table, tooNarrow, key);
  }
  const byRuid = !unique && ruid !== undefined && hasKey([ruid.name]);
  // The field says how far the key goes that it is made of.
  if (ruid) columns.push({ ...planColumn(ruid, spec.byCallId ? 'callId' : 'contact', 'ruid'), limit: 0 });
  const layout = attached ? layoutOf(there) : 'gatehouse';
  return {
    table: spec.table,
    columns,
    key,
    replace: unique ? 'unique' : byRuid ? 'ruid' : 'replace',
    report: { attached, layout },
    permanentFlag: layout === 'ser-0.9' ? 128 : 0,
  };
}

/** What goes into the column for the put at `at`. */
export function cellFor(column: PlanColumn, cells: readonly Cell[], at: number): Cell {
  const value = cells[at + FIELD[column.field]] ?? null;
  switch (column.kind) {
    case 'text':
      if (value === null) return column.nullable ? null : '';
      // Kamailio without use_domain leaves the domain NULL.
      return value === '' && column.nullable && column.field === 'domain' ? null : value;
    case 'number':
      return value;
    case 'bits':
      // The columns are signed; all bits set is `all methods` where NULL is not allowed.
      return value === null ? (column.nullable ? null : -1) : (value as number) | 0;
    case 'expires':
    case 'modified':
      return toDatetime(value as number);
    case 'ruid':
      return ruidOf(cells, at, column.field === 'callId');
  }
}

/** The first text of the put that does not fit, as a sentence. */
export function misfit(plan: LocationPlan, cells: readonly Cell[], at: number): string | undefined {
  for (const { name, field, kind, limit } of plan.columns) {
    if (kind !== 'text' || limit === 0) continue;
    const value = cells[at + FIELD[field]];
    if (typeof value === 'string' && value.length > limit) {
      return `column ${name} of table ${plan.table} holds ${limit} characters, the value has ${value.length}`;
    }
  }
  return undefined;
}

/** Characters that a Call-ID may have. */
export function callIdLimit({ columns }: LocationPlan): number {
  return columns.find(({ field }) => field === 'callId')!.limit || Number.POSITIVE_INFINITY;
}

/** Appends the binding of a row (values in the order of `plan.columns`) to `cells`, unless it has expired. */
export function readBinding(plan: LocationPlan, row: Row, now: number, cells: Cell[]): void {
  const at = cells.length;
  cells.push(PUT, 0, '', '', '', null, null, 0, -1, '', 0, 0, 0, '', null, null, 0);
  plan.columns.forEach(({ field, kind }, i) => {
    const value = row[i] ?? null;
    const to = at + FIELD[field];
    if (kind === 'text') cells[to] = value === null ? cells[to]! : String(value);
    else if (kind === 'number') cells[to] = value === null ? cells[to]! : Number(value);
    else if (kind === 'bits') cells[to] = value === null ? cells[to]! : Number(value) >>> 0;
    else if (kind === 'expires') cells[to] = expiryFromDatetime(value as string | null);
    else if (kind === 'modified') cells[to] = fromDatetime(value as string | null);
  });
  if ((cells[at + FIELD.q] as number) < 0) cells[at + FIELD.q] = -1;
  if (cells[at + FIELD.methods] === ALL_METHODS) cells[at + FIELD.methods] = null;
  for (const field of ['received', 'path', 'socket'] as const) {
    if (cells[at + FIELD[field]] === '') cells[at + FIELD[field]] = null;
  }
  if ((cells[at + FIELD.flags] as number) & plan.permanentFlag) cells[at + FIELD.expires] = 0;
  const expires = cells[at + FIELD.expires] as number;
  if (expires !== 0 && expires <= now) cells.length = at;
}

/** The rows that expired before the time, as a condition; those that never expire are not among them. */
export function expiredRows(
  { columns, permanentFlag }: LocationPlan,
  before: number,
  quote: (name: string) => string,
): { where: string; values: Cell[] } {
  const nameOf = (wanted: BindingField) => quote(columns.find(({ field }) => field === wanted)!.name);
  const expires = nameOf('expires');
  const never = FOREVER.map(() => '?').join(', ');
  const ends = `${expires} < ? AND ${expires} > ? AND ${expires} NOT IN (${never})`;
  const where = permanentFlag === 0 ? ends : `${ends} AND ${nameOf('flags')} & ${permanentFlag} = 0`;
  return { where, values: [toDatetime(before), toDatetime(FIRST_EXPIRY), ...FOREVER] };
}

/** The same binding has the same ruid for ever, so that an upsert finds its row; adopt.ts says the same in SQL. */
function ruidOf(cells: readonly Cell[], at: number, byCallId: boolean): string {
  const key = `${cells[at + FIELD.username]}|${cells[at + FIELD.domain]}|${cells[at + FIELD.contact]}`;
  const whole = byCallId ? `${key}|${cells[at + FIELD.callId]}` : key;
  return `${ruidPrefix(byCallId)}${hash('md5', Buffer.from(whole, 'latin1'))}`;
}

/** Tells ours from others', and from those that we gave while the Call-ID counted otherwise. */
export function ruidPrefix(byCallId: boolean): string {
  return byCallId ? 'ghc-' : 'gh-';
}

function planColumn(column: Column, field: BindingField, kind: Kind): PlanColumn {
  const { name, limit, nullable, collation } = column;
  return { name, field, kind, limit, nullable, collation };
}

function layoutOf(there: ReadonlyMap<string, Column>): TableReport['layout'] {
  if (there.has('ruid')) return 'kamailio-5.6';
  if (there.has('cflags') && there.has('socket')) return 'openser-1.3';
  if (there.has('replicate') || (there.has('state') && !there.has('id'))) return 'ser-0.9';
  return 'other';
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && isAmong(a, b);
}

function isAmong(some: readonly string[], all: readonly string[]): boolean {
  const low = all.map((name) => name.toLowerCase());
  return some.every((name) => low.includes(name.toLowerCase()));
}

function keyError(table: string, unique: readonly string[], key: readonly PlanColumn[]): GatehouseError {
  const text = `table ${table} has a unique key on ${unique.join(', ')}, so two contacts that differ by their Call-IDs cannot be in it`;
  return new GatehouseError('SER_TABLE_KEY', text, {
    hint: `set usrloc's matching_mode to 0, or make that key one on ${key.map(({ name }) => name).join(', ')}`,
  });
}

export function layoutError(table: string, missing: readonly string[], columns: readonly Column[]): GatehouseError {
  return new GatehouseError('SER_TABLE_LAYOUT', `table ${table} has no column ${missing.join(', ')}`, {
    hint: `it has ${columns.map(({ name }) => name).join(', ')}; name the right ones with the *_column parameters`,
  });
}
