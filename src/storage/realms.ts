/** Resolvers and realms in Gatehouse's own tables (worker side). Changes call `seal` before they commit. */
import type { SealedResolver } from '../core/realms/store.ts';
import type { RealmDefinition, ResolverType } from '../core/realms/types.ts';
import { type Database, transaction } from './database.ts';

export class RealmRows {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async resolvers(): Promise<SealedResolver[]> {
    const rows = await this.#db.kysely.selectFrom('gh_resolver').selectAll().orderBy('name').execute();
    // A copy: the driver's Buffer is a window into a pool, and the whole pool would cross to main.
    return rows.map(({ name, type, config }) => ({ name, type: type as ResolverType, config: new Uint8Array(config) }));
  }

  async setResolver({ name, type, config }: SealedResolver, seal: () => void): Promise<void> {
    await transaction(this.#db, async (on) => {
      await on.deleteFrom('gh_resolver').where('name', '=', name).execute();
      await on
        .insertInto('gh_resolver')
        .values({ name, type, config: Buffer.from(config) })
        .execute();
      seal();
    });
  }

  async removeResolver(name: string, seal: () => void): Promise<void> {
    await transaction(this.#db, async (on) => {
      await on.deleteFrom('gh_resolver').where('name', '=', name).execute();
      seal();
    });
  }

  async realms(): Promise<RealmDefinition[]> {
    const rows = await this.#db.kysely.selectFrom('gh_realm').selectAll().orderBy('name').execute();
    return rows.map(({ name, resolvers, is_default }) => {
      return { name, resolvers: resolvers.split(','), isDefault: is_default !== 0 };
    });
  }

  async setRealms(realms: readonly RealmDefinition[], seal: () => void): Promise<void> {
    const rows = realms.map(({ name, resolvers, isDefault }) => {
      return { name, resolvers: resolvers.join(','), is_default: isDefault ? 1 : 0 };
    });
    await transaction(this.#db, async (on) => {
      await on.deleteFrom('gh_realm').execute();
      if (rows.length > 0) await on.insertInto('gh_realm').values(rows).execute();
      seal();
    });
  }
}
