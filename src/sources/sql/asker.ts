/** A connection to a database server or file that answers questions in time. */
import type { Question } from './statements.ts';

/** Milliseconds until a question has failed, connecting included. */
export const ANSWER_MS = 4_000;
export const CONNECTIONS = 4;

export type Row = readonly (string | null)[];

export interface Asker {
  /** All values as texts. Errors: those of the driver. */
  ask(question: Question): Promise<Row[]>;
  /** The error says that the values cannot be of the column's type, e.g. letters where a number is kept. */
  isMismatch(error: unknown): boolean;
  close(): Promise<void>;
}

/** As text, whatever a driver makes of a column. */
export function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return value instanceof Date ? value.toISOString() : String(value);
}
