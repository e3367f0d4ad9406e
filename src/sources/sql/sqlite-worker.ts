/** A thread of its own for an SQLite file that somebody else keeps: SQLite blocks, and a file on a dead mount blocks for ever. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { cellText } from './asker.ts';

const port = parentPort!;
let db: DatabaseSync | undefined;

port.on('message', ({ id, sql, values }: { id: number; sql: string; values: string[] }) => {
  try {
    db ??= new DatabaseSync(workerData as string, { readOnly: true, timeout: 1_000 });
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    const rows = statement.all(...values) as unknown as unknown[][];
    port.postMessage({ id, rows: rows.map((row) => row.map(cellText)) });
  } catch (error) {
    port.postMessage({ id, fault: error instanceof Error ? error.message : String(error) });
  }
});
