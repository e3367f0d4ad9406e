/**
 * Tables of contacts beside a stopped server: read from the database whole, changed through the journal.
 *
 * Errors: those of SerTables and of the journal.
 */
import type { Clock } from '../../platform/clock.ts';
import { commit } from '../journal/commit.ts';
import type { Change, Journal } from '../journal/types.ts';
import type { BindingRow, LocationSpec, SerTables } from '../ser/types.ts';
import { ADMINISTRATION, type ContactTable, type ContactTables } from './contact-tables.ts';

export interface StoredContactsParts {
  readonly tables: SerTables;
  readonly journal: Journal;
  readonly clock: Clock;
  /** The table of this name as the SIP configuration means it; undefined: it names none. */
  spec(table: string): { spec: LocationSpec; useDomain: boolean } | undefined;
}

export function storedContacts(parts: StoredContactsParts): ContactTables {
  return { open };

  async function open(name: string): Promise<ContactTable | undefined> {
    const found = parts.spec(name);
    if (!found) return undefined;
    await parts.tables.open('location', found.spec);
    const table = new StoredTable(name, found.spec, found.useDomain, parts);
    await parts.tables.loadBindings(found.spec, parts.clock.now(), (rows) => table.load(rows));
    return table;
  }
}

class StoredTable implements ContactTable {
  readonly name: string;
  readonly #spec: LocationSpec;
  readonly #useDomain: boolean;
  readonly #parts: StoredContactsParts;
  readonly #rows = new Map<string, BindingRow[]>();

  constructor(name: string, spec: LocationSpec, useDomain: boolean, parts: StoredContactsParts) {
    this.name = name;
    this.#spec = spec;
    this.#useDomain = useDomain;
    this.#parts = parts;
  }

  load(rows: readonly BindingRow[]): void {
    for (const row of rows)
      this.#list(this.#key(this.#useDomain ? `${row.username}@${row.domain}` : row.username)).push(row);
  }

  aors(): Iterable<string> {
    return this.#rows.keys();
  }

  bindings(aor: string): readonly BindingRow[] {
    return this.#rows.get(this.#key(aor)) ?? [];
  }

  async put(aor: string, contact: string, { expires, q }: { expires: number; q: number }): Promise<void> {
    const key = this.#key(aor);
    const at = key.indexOf('@');
    const row: BindingRow = {
      username: at < 0 ? key : key.slice(0, at),
      domain: at < 0 ? '' : key.slice(at + 1),
      contact,
      received: null,
      path: null,
      expires: Math.ceil(expires / 1000) * 1000,
      q,
      callId: ADMINISTRATION,
      cseq: 1,
      flags: 0,
      branchFlags: 0,
      userAgent: 'Gatehouse',
      socket: null,
      methods: null,
      modified: this.#parts.clock.now(),
    };
    await commit(this.#parts.journal, [{ kind: 'put-binding', table: this.#spec, row }]);
    const list = this.#list(key);
    const { byCallId } = this.#spec;
    const old = list.findIndex((one) => one.contact === contact && (!byCallId || one.callId === row.callId));
    if (old >= 0) list.splice(old, 1);
    list.push(row);
  }

  async remove(aor: string, contact: string | undefined): Promise<number> {
    const key = this.#key(aor);
    const list = this.#rows.get(key) ?? [];
    const gone = list.filter((row) => contact === undefined || row.contact === contact);
    if (gone.length === 0) return 0;
    const unit = gone.map(
      (row): Change => ({
        kind: 'delete-binding',
        table: this.#spec,
        username: row.username,
        domain: row.domain,
        contact: row.contact,
        callId: row.callId,
      }),
    );
    await commit(this.#parts.journal, unit);
    this.#rows.set(
      key,
      list.filter((row) => !gone.includes(row)),
    );
    return gone.length;
  }

  #key(aor: string): string {
    const whole = aor.toLowerCase();
    const at = whole.lastIndexOf('@');
    return this.#useDomain || at < 1 ? whole : whole.slice(0, at);
  }

  #list(key: string): BindingRow[] {
    let list = this.#rows.get(key);
    if (!list) {
      list = [];
      this.#rows.set(key, list);
    }
    return list;
  }
}
