/** Rules in Gatehouse's own tables (worker side). */
import type { PolicyRule } from '../core/policy/types.ts';
import { type Database, transaction } from './database.ts';
import { upsert } from './upsert.ts';

export class Policies {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async list(): Promise<PolicyRule[]> {
    const rows = await this.#db.kysely.selectFrom('gh_policy').selectAll().orderBy('name').execute();
    return rows.map(({ name, scope, actions, users, realms, clients, times, active }) => ({
      name,
      scope,
      action: actions,
      user: users,
      realm: realms,
      client: clients,
      time: times,
      active: active !== 0,
    }));
  }

  /** All of them or none; `seal` is called before the commit. */
  async set(rules: readonly PolicyRule[], seal: () => void): Promise<void> {
    await transaction(this.#db, async (on) => {
      for (const { name, scope, action, user, realm, client, time, active } of rules) {
        const conditions = { users: user, realms: realm, clients: client, times: time };
        await upsert(on, 'gh_policy', { name, scope, actions: action, ...conditions, active: active ? 1 : 0 }, 'name');
      }
      seal();
    });
  }

  async remove(name: string, seal: () => void): Promise<void> {
    await transaction(this.#db, async (on) => {
      await on.deleteFrom('gh_policy').where('name', '=', name).execute();
      seal();
    });
  }
}
