/**
 * Persons in a table of somebody else's database, as LinOTP's SQLIdResolver maps it.
 *
 * A row counts where its login, or id, is what was asked for: in the same letters first, else in another case, as the database's collation
 * finds it; nothing but case is overlooked. Passwords are read when one is checked, and never kept.
 * Errors: RESOLVER_UNAVAILABLE with what the database said, HASH_UNSUPPORTED.
 */
import { fitsStoredHash } from '../../core/proofs/stored-hash.ts';
import {
  attributesOf,
  type PersonRecord,
  type PersonSource,
  type RecordPage,
  resolverAway,
} from '../../core/realms/source.ts';
import type { PersonFilter } from '../../core/realms/types.ts';
import type { Asker, Row } from './asker.ts';
import type { SqlOptions } from './config.ts';
import { type Question, Statements } from './statements.ts';

/** A server that was restarted has taken our connections with it: one more try, on a new one. */
const LOST = new Set(['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', '57P01', '08006', '08003']);

export function sqlSource(name: string, options: SqlOptions, asker: Asker): PersonSource {
  const statements = new Statements(options);
  const idAt = statements.attributes.indexOf('userid');
  const loginAt = statements.attributes.indexOf('username');
  return {
    byLogin: (logins) => named('login', logins),
    byId: (ids) => named('id', ids),
    search,
    checkPassword,
    close: () => asker.close(),
  };

  async function named(what: 'login' | 'id', names: readonly string[]): Promise<(PersonRecord | null)[]> {
    const rows = await rowsOf(what, names);
    const at = what === 'id' ? idAt : loginAt;
    const exact = new Map<string, Row>();
    const folded = new Map<string, Row>();
    for (const row of rows.toReversed()) {
      exact.set(row[at] ?? '', row);
      folded.set((row[at] ?? '').toLowerCase(), row);
    }
    return names.map((one) => {
      const row = exact.get(one) ?? (what === 'login' ? folded.get(one.toLowerCase()) : undefined);
      return row ? record(row) : null;
    });
  }

  /** One name that cannot be of the column's type must not spoil the others. */
  async function rowsOf(what: 'login' | 'id', names: readonly string[]): Promise<Row[]> {
    const sound = names.filter((one) => one !== '' && !one.includes('\0'));
    if (sound.length === 0) return [];
    try {
      return await ask(statements.named(what, sound));
    } catch (error) {
      if (!asker.isMismatch((error as Error).cause)) throw error;
      if (sound.length === 1) return [];
      const half = sound.length >> 1;
      return [...(await rowsOf(what, sound.slice(0, half))), ...(await rowsOf(what, sound.slice(half)))];
    }
  }

  async function search(filter: PersonFilter, limit: number): Promise<RecordPage> {
    const most = Math.min(limit, options.limit);
    const records = (await ask(statements.search(filter, most + 1))).map(record).filter((one) => one !== null);
    return { records: records.slice(0, most), more: records.length > most };
  }

  async function checkPassword(id: string, password: string): Promise<boolean> {
    if (options.passwordColumn === undefined) return false;
    const rows = await ask(statements.password(options.passwordColumn, id));
    const stored = rows.find(([found]) => found === id)?.[1];
    return stored !== undefined && stored !== null && fitsStoredHash(password, stored.trimEnd());
  }

  async function ask(question: Question): Promise<Row[]> {
    try {
      return await asker.ask(question).catch((error: { code?: string }) => {
        if (LOST.has(error.code ?? '')) return asker.ask(question);
        throw error;
      });
    } catch (error) {
      throw resolverAway(name, error instanceof Error ? error.message || String(error) : String(error), error);
    }
  }

  function record(row: Row): PersonRecord | null {
    const [id, login] = [row[idAt], row[loginAt]];
    if (!id || !login) return null;
    const fields = Object.fromEntries(statements.attributes.map((attribute, i) => [attribute, row[i]?.trim()]));
    return { id, login, attributes: attributesOf(fields) };
  }
}
