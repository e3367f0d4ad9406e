/** Tables in memory and a journal that is slow, held or away on demand, for tests; and tokens over them. */
import { systemClock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { OwnCell, OwnTable, OwnValues } from '../journal/own-table.ts';
import type { Change, Journal, Waiter } from '../journal/types.ts';
import { PolicyRules } from '../policy/rules.ts';
import { keyringOf } from '../secrets/keyring.ts';
import { StoredTokens } from './desk.ts';
import { Pins } from './pins.ts';
import { Shelf } from './shelf.ts';
import type { TokenStore } from './store.ts';
import { StoredSystemConfig } from './system-config.ts';
import type { TokenDesk } from './types.ts';

export const FAKE_KEYRING = keyringOf(Buffer.alloc(32, 7));

/** What a database holds when everything that was acknowledged is in it. */
export class Rows implements TokenStore {
  readonly tables = new Map<string, Map<string, OwnValues>>();
  reads = 0;

  async read(table: OwnTable, where: Readonly<Record<string, OwnCell>>): Promise<OwnValues[]> {
    this.reads++;
    const found = [...(this.tables.get(table.name)?.values() ?? [])].filter((values) =>
      Object.entries(where).every(([column, value]) => values[table.columns.indexOf(column)] === value),
    );
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  }

  async list({ realm }: { realm?: string } = {}): Promise<{ rows: OwnValues[]; total: number }> {
    const all = [...(this.tables.get('gh_token')?.values() ?? [])];
    const rows = realm === undefined ? all : all.filter((row) => String(row[5]).includes(`,${realm},`));
    return { rows, total: rows.length };
  }

  write(unit: readonly Change[]): void {
    for (const change of unit) {
      if (change.kind !== 'put-own' && change.kind !== 'drop-own') continue;
      const rows = this.tables.get(change.table.name) ?? new Map<string, OwnValues>();
      this.tables.set(change.table.name, rows);
      if (change.kind === 'put-own') rows.set(String(change.values[0]), change.values);
      else rows.delete(change.key);
    }
  }
}

/** Writes at the next turn of the loop; held, when it is let go. */
export class SlowJournal implements Journal {
  readonly #rows: Rows;
  readonly lines: Record<string, unknown>[] = [];
  #held: [readonly Change[], Waiter | undefined][] | undefined;
  isAway = false;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  append(unit: readonly Change[], waiter?: Waiter): void {
    if (this.#held) this.#held.push([unit, waiter]);
    else setImmediate(() => this.#settle(unit, waiter));
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [unit, waiter] of held) this.#settle(unit, waiter);
  }

  async drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  #settle(unit: readonly Change[], waiter: Waiter | undefined): void {
    const error = this.isAway ? new GatehouseError('STORAGE_UNAVAILABLE', 'away') : undefined;
    if (!error) this.#take(unit);
    waiter?.settled(error);
  }

  #take(unit: readonly Change[]): void {
    this.#rows.write(unit);
    for (const change of unit) if (change.kind === 'audit') this.lines.push(JSON.parse(change.line));
  }
}

export function fakeTokens(): TokenDesk {
  const [keyring, clock] = [FAKE_KEYRING, systemClock];
  const store = new Rows();
  const journal = new SlowJournal(store);
  const shelf = new Shelf({ store, journal });
  const config = new StoredSystemConfig({ store, journal, clock });
  return new StoredTokens({
    store,
    shelf,
    keyring,
    pins: new Pins(keyring),
    config,
    clock,
    policy: new PolicyRules(),
    closeChallenges: () => [],
  });
}
