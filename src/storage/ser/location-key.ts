/**
 * The key of our own tables of contacts: with the Call-ID in it while `byCallId` is set, without it otherwise, so that either way one
 * upsert finds the row. When the setting has changed, the next start changes the key, before the table is read.
 *
 * Without the Call-ID two rows may become one: the one that was changed last stays.
 * A crash in the middle leaves the old key or the new one, and the next start goes on.
 */
import { CompiledQuery } from 'kysely';
import type { Database } from '../database.ts';
import type { TableShape } from '../table-shape.ts';
import { location } from './definitions.ts';

const CONTACT_KEY = ['username', 'domain', 'contact'];
const CALL_KEY = [...CONTACT_KEY, 'callid'];

/** Whether the table has the key that the setting wants. */
export function hasKeyFor({ uniqueKeys }: TableShape, byCallId: boolean): boolean {
  const wanted = keyFor(byCallId).sort().join();
  return uniqueKeys.some((names) => [...names].sort().join() === wanted);
}

export async function changeKey(db: Database, table: string, shape: TableShape, byCallId: boolean): Promise<void> {
  const name = db.quoteName(table);
  const key = keyFor(byCallId).join(', ');
  if (db.dialect === 'sqlite') {
    const columns = shape.columns.map((column) => db.quoteName(column.name)).join(', ');
    const old = db.quoteName(`gh_old_${table}`);
    const statements = [
      `ALTER TABLE ${name} RENAME TO ${old}`,
      ...location(table, 'sqlite', keyFor(byCallId)),
      // The first of two that have become one is taken.
      `INSERT OR IGNORE INTO ${name} (${columns}) SELECT ${columns} FROM ${old} ORDER BY last_modified DESC, id DESC`,
      `DROP TABLE ${old}`,
    ];
    await db.redefine(async (on) => {
      for (const statement of statements) await on.executeQuery(CompiledQuery.raw(statement));
    });
    return;
  }
  if (!byCallId) await db.run(dropOlder(db, name), []);
  if (db.dialect === 'mysql') {
    await db.run(`ALTER TABLE ${name} DROP PRIMARY KEY, ADD PRIMARY KEY (${key})`, []);
    return;
  }
  const sql = "SELECT conname::text FROM pg_constraint WHERE conrelid = to_regclass(?) AND contype = 'p'";
  const [row] = await db.select(sql, [name]);
  await db.run(`ALTER TABLE ${name} DROP CONSTRAINT ${db.quoteName(String(row![0]))}, ADD PRIMARY KEY (${key})`, []);
}

function keyFor(byCallId: boolean): string[] {
  return [...(byCallId ? CALL_KEY : CONTACT_KEY)];
}

function dropOlder(db: Database, name: string): string {
  const same = CONTACT_KEY.map((column) => `a.${column} = b.${column}`).join(' AND ');
  const older = 'a.last_modified < b.last_modified OR (a.last_modified = b.last_modified AND a.id < b.id)';
  const where = `${same} AND (${older})`;
  return db.dialect === 'mysql'
    ? `DELETE a FROM ${name} AS a JOIN ${name} AS b ON ${where}`
    : `DELETE FROM ${name} AS a USING ${name} AS b WHERE ${where}`;
}
