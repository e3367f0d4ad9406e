/**
 * The journal: how anything becomes durable. Core declares it, storage implements it.
 *
 * `append` hands over a unit of changes and returns at once. Units are collected for at most 5 ms, refreshes alone for 10 (while a batch is being committed, until 5 ms after it) or 500 changes and
 * committed together, in the order of their appending; a unit is written whole or not at all. When the commit (and the
 * fsync of the audit segment) is done, `settled()` of its waiter is called, from a batch's end and not from `append`.
 *
 * Errors handed to the waiter: STORAGE_UNAVAILABLE (could not be written within the retry time; nothing of the unit counts,
 * but if contact was lost during the commit itself, it may be there until the same key is written again or expires), STORAGE_BUSY (the queue is full; nothing of the unit is there), STORAGE_REFUSED (the database rejects this unit).
 */
import type { GatehouseError } from '../../platform/errors.ts';
import type { BindingRow, LocationSpec, RowCells, RowsMatch, RowsSpec } from '../ser/types.ts';
import type { OwnTable, OwnValues } from './own-table.ts';

export type Change =
  | {
      readonly kind: 'put-binding';
      readonly table: LocationSpec;
      readonly row: BindingRow;
      /** The row is there already, and only callId, cseq, expires, flags and modified may differ from what it holds. */
      readonly refresh?: boolean;
    }
  | {
      readonly kind: 'delete-binding';
      readonly table: LocationSpec;
      readonly username: string;
      readonly domain: string;
      readonly contact: string;
      /** Counts where the table's bindings differ by it (`byCallId`). */
      readonly callId: string;
    }
  /** A row more, values in the order of the table's columns; a time is milliseconds since the epoch. */
  | {
      readonly kind: 'insert-row';
      readonly table: RowsSpec;
      readonly values: RowCells;
      /** Texts may be cut to the width of their columns; else one that does not fit refuses the unit. */
      readonly cut?: boolean;
    }
  | { readonly kind: 'delete-rows'; readonly table: RowsSpec; readonly where: RowsMatch }
  /** A row of one of our own tables, made or changed. */
  | { readonly kind: 'put-own'; readonly table: OwnTable; readonly values: OwnValues }
  | { readonly kind: 'drop-own'; readonly table: OwnTable; readonly key: string }
  /** `line` is the JSON text of the event without its chain fields. */
  | { readonly kind: 'audit'; readonly line: string }
  | { readonly kind: 'history'; readonly row: HistoryRow };

export interface HistoryRow {
  readonly session: string;
  readonly door: string;
  readonly user: string;
  readonly client: string;
  readonly started: number;
  readonly ended: number;
  readonly reason: string;
  /** Bytes that the user sent and received; undefined: nobody counted. */
  readonly sent?: number | undefined;
  readonly received?: number | undefined;
}

export interface Waiter {
  /** `error` undefined: durable. */
  settled(error: GatehouseError | undefined): void;
}

export interface Journal {
  append(unit: readonly Change[], waiter?: Waiter): void;
  /** Resolves when all that was appended before is settled. */
  drain(): Promise<void>;
}
