/** Administrators and small values in Gatehouse's own tables (worker side). */
import type { Kysely } from 'kysely';
import type { AdminStore, MetaStore } from '../core/storage/types.ts';
import type { Database } from './database.ts';
import type { Schema } from './tables.ts';

export function admins({ kysely }: Database): AdminStore {
  return {
    async count() {
      const query = kysely.selectFrom('gh_admin').select((e) => e.fn.countAll<number>().as('n'));
      return Number((await query.executeTakeFirstOrThrow()).n);
    },
    async hash(name) {
      const row = await kysely.selectFrom('gh_admin').select('hash').where('name', '=', name).executeTakeFirst();
      return row?.hash;
    },
    set: (name, hash, changed) => upsert(kysely, 'gh_admin', { name, hash, changed }, { hash, changed }),
  };
}

export function meta({ kysely }: Database): MetaStore {
  return {
    async get(name) {
      const row = await kysely.selectFrom('gh_meta').select('value').where('name', '=', name).executeTakeFirst();
      return row?.value;
    },
    set: (name, value) => upsert(kysely, 'gh_meta', { name, value }, { value }),
  };
}

/** The one statement whose form the dialects do not share. */
async function upsert<T extends 'gh_admin' | 'gh_meta'>(
  kysely: Kysely<Schema>,
  table: T,
  row: Schema[T],
  change: Partial<Schema[T]>,
): Promise<void> {
  const insert = (kysely as Kysely<Record<string, object>>).insertInto(table).values(row);
  const mysql = kysely.getExecutor().adapter.supportsReturning === false;
  const query = mysql
    ? insert.onDuplicateKeyUpdate(change)
    : insert.onConflict((c) => c.column('name' as never).doUpdateSet(change));
  await query.execute();
}
