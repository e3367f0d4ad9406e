/** SMS providers in Gatehouse's own tables (worker side). */
import type { SealedDefinition } from '../core/sms/types.ts';
import { type Database, transaction } from './database.ts';

export class SmsProviderRows {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async list(): Promise<SealedDefinition[]> {
    const rows = await this.#db.kysely.selectFrom('gh_sms_provider').selectAll().orderBy('name').execute();
    return rows.map(({ config, is_default, ...rest }) => {
      // A copy: the driver's Buffer is a window into a pool, and the whole pool would cross to main.
      return { ...rest, config: new Uint8Array(config), isDefault: is_default !== 0 };
    });
  }

  /** This and `remove` call `seal` before they commit. */
  async set({ isDefault, config, ...rest }: SealedDefinition, seal: () => void): Promise<void> {
    await transaction(this.#db, async (on) => {
      if (isDefault) await on.updateTable('gh_sms_provider').set({ is_default: 0 }).execute();
      await on.deleteFrom('gh_sms_provider').where('name', '=', rest.name).execute();
      const row = { ...rest, config: Buffer.from(config), is_default: isDefault ? 1 : 0 };
      await on.insertInto('gh_sms_provider').values(row).execute();
      seal();
    });
  }

  async remove(name: string, seal: () => void): Promise<void> {
    await transaction(this.#db, async (on) => {
      await on.deleteFrom('gh_sms_provider').where('name', '=', name).execute();
      seal();
    });
  }
}
