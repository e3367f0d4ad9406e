/**
 * How a batch of changes crosses to the worker: one flat array of primitives, as JSON. Main writes it with `addUnit`, the worker reads it by the offsets below.
 */
import type { OwnTable, OwnValues } from '../core/journal/own-table.ts';
import type { Change } from '../core/journal/types.ts';
import type { BindingRow, LocationSpec, RowCells, RowsMatch, RowsSpec } from '../core/ser/types.ts';

export type Cell = string | number | null;

export interface Batch {
  /** Location tables that the cells name by index. */
  readonly tables: LocationSpec[];
  readonly cells: Cell[];
  /** Where each unit ends in `cells`. */
  readonly ends: number[];
  /** Other tables, which `rows` name by index. */
  readonly rowTables: RowsSpec[];
  /** Inserts and deletes of their rows, which cells name by index. */
  readonly rows: BatchRow[];
  /** Our own tables, which `own` names by index. */
  readonly ownTables: OwnTable[];
  /** Their rows that come and go, which cells name by index. */
  readonly own: OwnRow[];
}

/** Values, or the key of a row that goes. */
export type OwnRow = readonly [table: number, change: OwnValues | string];

export interface BatchRow {
  readonly table: number;
  readonly change: { readonly values: RowCells; readonly cut: boolean } | { readonly where: RowsMatch };
}

export function emptyBatch(): Batch {
  return { tables: [], cells: [], ends: [], rowTables: [], rows: [], ownTables: [], own: [] };
}

/** First cell of a change. */
export const PUT = 0;
export const DELETE = 1;
export const AUDIT = 2;
export const HISTORY = 3;
/** A put of a binding whose row is there, and whose REFRESHED fields alone may have changed. */
export const REFRESH = 4;
export const ROW = 5;
export const OWN = 6;
/** A delete where the Call-ID is part of the key. */
export const DELETE_CALL = 7;

/** Cells of a change of each kind, the first included. */
export const WIDTH = [17, 5, 2, 10, 17, 2, 2, 10] as const;

/** Offsets in a put or a refresh; deletes have the same for table and key. What was logged under them may be read after an update. */
export const FIELD = {
  table: 1,
  username: 2,
  domain: 3,
  contact: 4,
  received: 5,
  path: 6,
  expires: 7,
  q: 8,
  callId: 9,
  cseq: 10,
  flags: 11,
  branchFlags: 12,
  userAgent: 13,
  socket: 14,
  methods: 15,
  modified: 16,
} as const;

export type BindingField = Exclude<keyof typeof FIELD, 'table'>;

export const REFRESHED: ReadonlySet<BindingField> = new Set([
  'callId',
  'cseq',
  'expires',
  'flags',
  'branchFlags',
  'modified',
]);

/** Refreshes, and bindings (as deletes) of which nothing counts that was logged before; tables as in a Batch. */
export interface LogEntry {
  readonly tables: readonly LocationSpec[];
  readonly cells: readonly Cell[];
}

export function isDelete(kind: Cell | undefined): boolean {
  return kind === DELETE || kind === DELETE_CALL;
}

/** The key of the binding that begins at `at`. */
export function keyText({ byCallId }: LocationSpec, cells: readonly Cell[], at: number): string {
  const key = `${cells[at + FIELD.username]}\0${cells[at + FIELD.domain]}\0${cells[at + FIELD.contact]}`;
  return byCallId ? `${key}\0${cells[at + FIELD.callId]}` : key;
}

/** Characters of the longest Call-ID, if the batch is nothing but refreshes that may be logged, one in each unit. */
export function longestLogged({ tables, cells, ends }: Batch): number | undefined {
  if (cells.length === 0 || cells.length !== ends.length * WIDTH[REFRESH]) return undefined;
  if (tables.some(({ behind }) => behind === undefined)) return undefined;
  let longest = 0;
  for (let at = 0; at < cells.length; at += WIDTH[REFRESH]) {
    if (cells[at] !== REFRESH) return undefined;
    longest = Math.max(longest, (cells[at + FIELD.callId] as string).length);
  }
  return longest;
}

/** The batch that `longestLogged` found to be refreshes. */
export function batchOf({ tables, cells }: LogEntry): Batch {
  const ends = Array.from({ length: cells.length / WIDTH[REFRESH] }, (_, i) => (i + 1) * WIDTH[REFRESH]);
  return { ...emptyBatch(), tables: [...tables], cells: [...cells], ends };
}

export function addUnit(batch: Batch, unit: readonly Change[]): void {
  for (const change of unit) addChange(batch, change);
  batch.ends.push(batch.cells.length);
}

function addChange(batch: Batch, change: Change): void {
  const { cells, tables } = batch;
  switch (change.kind) {
    case 'put-binding': {
      const { row } = change;
      cells.push(
        change.refresh ? REFRESH : PUT,
        tableIndex(tables, change.table),
        row.username,
        row.domain,
        row.contact,
        row.received,
        row.path,
        row.expires,
        row.q,
        row.callId,
        row.cseq,
        row.flags,
        row.branchFlags,
        row.userAgent,
        row.socket,
        row.methods,
        row.modified,
      );
      return;
    }
    case 'delete-binding': {
      const { table, username, domain, contact, callId } = change;
      const kind = table.byCallId ? DELETE_CALL : DELETE;
      cells.push(kind, tableIndex(tables, table), username, domain, contact);
      if (kind === DELETE_CALL) cells.push(null, null, null, null, callId);
      return;
    }
    case 'insert-row':
      addRow(batch, change.table, { values: change.values, cut: change.cut ?? false });
      return;
    case 'delete-rows':
      addRow(batch, change.table, { where: change.where });
      return;
    case 'put-own':
      addOwn(batch, change.table, change.values);
      return;
    case 'drop-own':
      addOwn(batch, change.table, change.key);
      return;
    case 'audit':
      cells.push(AUDIT, change.line);
      return;
    case 'history': {
      const { row } = change;
      cells.push(
        HISTORY,
        row.session,
        row.door,
        row.user,
        row.client,
        row.started,
        row.ended,
        row.reason,
        row.sent ?? null,
        row.received ?? null,
      );
      return;
    }
  }
}

function addRow({ cells, rowTables, rows }: Batch, spec: RowsSpec, change: BatchRow['change']): void {
  cells.push(ROW, rows.length);
  rows.push({ table: tableIndex(rowTables, spec), change });
}

function addOwn({ cells, ownTables, own }: Batch, table: OwnTable, change: OwnValues | string): void {
  cells.push(OWN, own.length);
  own.push([tableIndex(ownTables, table), change]);
}

/** Two or three tables at most: a walk is faster than a map. */
function tableIndex<T>(tables: T[], spec: T): number {
  const index = tables.indexOf(spec);
  return index >= 0 ? index : tables.push(spec) - 1;
}

/** The binding that begins at `at`; the preload crosses the other way in the same form. */
export function bindingAt(cells: readonly Cell[], at: number): BindingRow {
  return {
    username: cells[at + FIELD.username] as string,
    domain: cells[at + FIELD.domain] as string,
    contact: cells[at + FIELD.contact] as string,
    received: cells[at + FIELD.received] as string | null,
    path: cells[at + FIELD.path] as string | null,
    expires: cells[at + FIELD.expires] as number,
    q: cells[at + FIELD.q] as number,
    callId: cells[at + FIELD.callId] as string,
    cseq: cells[at + FIELD.cseq] as number,
    flags: cells[at + FIELD.flags] as number,
    branchFlags: cells[at + FIELD.branchFlags] as number,
    userAgent: cells[at + FIELD.userAgent] as string,
    socket: cells[at + FIELD.socket] as string | null,
    methods: cells[at + FIELD.methods] as number | null,
    modified: cells[at + FIELD.modified] as number,
  };
}
