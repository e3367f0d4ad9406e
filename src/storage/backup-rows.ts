/** A logical copy of tables of a database server: JSON lines of table and row, binary values in base64. */
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export type RowsOf = (table: string) => Promise<Record<string, unknown>[]>;

export async function backupRows(rowsOf: RowsOf, tables: readonly string[], directory: string, name: string) {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${name}.jsonl`);
  const file = openSync(path, 'wx', 0o600);
  try {
    for (const table of tables) {
      for (const row of await rowsOf(table)) writeSync(file, `${JSON.stringify({ table, row }, binaryAsBase64)}\n`);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return path;
}

/** JSON.stringify has called Buffer's toJSON before it asks us. */
function binaryAsBase64(_key: string, value: unknown): unknown {
  const binary = value as { type?: unknown; data?: unknown } | null;
  if (binary?.type !== 'Buffer' || !Array.isArray(binary.data)) return value;
  return { base64: Buffer.from(binary.data as number[]).toString('base64') };
}
