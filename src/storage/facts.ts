/** Administrators and small values in Gatehouse's own tables (worker side). */
import type { AdminStore, MetaStore } from '../core/storage/types.ts';
import type { Database } from './database.ts';
import { upsert } from './upsert.ts';

export function admins({ kysely, alone }: Database): AdminStore {
  return {
    async count() {
      const query = kysely.selectFrom('gh_admin').select((e) => e.fn.countAll<number>().as('n'));
      return Number((await query.executeTakeFirstOrThrow()).n);
    },
    async hash(name) {
      const row = await kysely.selectFrom('gh_admin').select('hash').where('name', '=', name).executeTakeFirst();
      return row?.hash;
    },
    set: (name, hash, changed) => alone(() => upsert(kysely, 'gh_admin', { name, hash, changed }, 'name')),
  };
}

export function meta({ kysely, alone }: Database): MetaStore {
  return {
    async get(name) {
      const row = await kysely.selectFrom('gh_meta').select('value').where('name', '=', name).executeTakeFirst();
      return row?.value;
    },
    set: (name, value) => alone(() => upsert(kysely, 'gh_meta', { name, value }, 'name')),
  };
}
