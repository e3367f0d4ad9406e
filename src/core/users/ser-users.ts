/**
 * Users of an attached SER table, which other tools may change: trusted for a short time, then read anew.
 *
 * calculate_ha1 1: the password column holds clear text. 0: it holds the HA1, and passwordColumn2 (ha1b) the one for
 * usernames written with their domain. use_domain 0: the first row of the name, whatever its domain. Else a name without a domain means the
 * row without one, or the only row of that name.
 *
 * Names are Unicode here and bytes in the table: UTF-8, or latin1 where a table has it so. Whether `U1` finds `u1` is for the
 * table's collation to say, as with SER: in MariaDB it does, as a rule. Nothing but case is overlooked, though a collation may
 * take `u1 ` or an accent for the same.
 *
 * Source: auth_db of SER 0.9 and OpenSER 1.3. Errors (rejections of find): STORAGE_UNAVAILABLE.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Answer } from '../gate/types.ts';
import type { SerTables, SubscriberRow, SubscriberSpec } from '../ser/types.ts';
import { unicodeText, wireText } from '../ser/wire-text.ts';
import type { Wanted } from './account-cache.ts';
import { AccountCache } from './account-cache.ts';
import { StoredAccount } from './stored-account.ts';
import { TableWalk } from './table-walk.ts';
import type { Account, UserSource } from './types.ts';

export interface SerUsersOptions {
  readonly tables: SerTables;
  readonly spec: SubscriberSpec;
  readonly useDomain: boolean;
  readonly calculateHa1: boolean;
  readonly clock: Clock;
  /** How long credentials are trusted, in milliseconds. */
  readonly trustMs?: number;
  /** Accounts kept in memory at most. */
  readonly capacity?: number;
}

class SerAccount extends StoredAccount {
  readonly row: SubscriberRow;

  constructor(row: SubscriberRow, table: string, calculateHa1: boolean) {
    const name = unicodeText(row.username);
    const domain = unicodeText(row.domain);
    const id = `${table}:${domain === '' ? name : `${name}@${domain}`}`;
    super(
      { id, name, domain, locked: false, values: row.values },
      {
        password: () => (calculateHa1 && row.password !== '' ? row.password : undefined),
        ha1: (username) => (calculateHa1 ? undefined : storedHa1(row, username)),
      },
    );
    this.row = row;
  }
}

export class SerUsers implements UserSource {
  readonly name: string;
  readonly shared = true;
  readonly ignoresCase = true;
  readonly #options: SerUsersOptions;
  readonly #cache: AccountCache;
  readonly #walk: TableWalk;

  constructor(options: SerUsersOptions) {
    const { tables, spec, clock, trustMs = 5_000 } = options;
    this.#options = options;
    this.name = spec.table;
    this.#cache = new AccountCache({
      clock,
      trustMs,
      capacity: options.capacity ?? 200_000,
      read: (wanted) => this.#read(wanted),
    });
    this.#walk = new TableWalk({
      tables,
      spec,
      clock,
      trustMs,
      asked: () => this.#cache.asked,
      takeAsked: () => this.#cache.takeAsked(),
      confirm: (row, sentAt) => this.#cache.confirm(unicodeText(row.username), sentAt, row, isOfRow),
    });
  }

  get waiting(): number {
    return this.#cache.waiting;
  }

  find(name: string, domain: string, fresh?: boolean): Answer<Account | null> {
    this.#walk.tick();
    return this.#cache.find(name, this.#options.useDomain ? domain : '', fresh);
  }

  forget(name: string): void {
    this.#cache.forget(name);
  }

  async #read(wanted: readonly Wanted[]): Promise<(Account | null)[]> {
    const { tables, spec } = this.#options;
    const names = wanted.flatMap(({ name, domain }) =>
      spellings(name).map((username) => ({ username, domain: wireText(domain) })),
    );
    const rows = await tables.readSubscribers(spec, names);
    const byName = new Map<string, SubscriberRow[]>();
    for (const row of rows) {
      const key = unicodeText(row.username).toLowerCase();
      const same = byName.get(key);
      if (same) same.push(row);
      else byName.set(key, [row]);
    }
    return wanted.map((one) => this.#account(one, byName.get(one.name.toLowerCase()) ?? []));
  }

  #account({ name, domain, known }: Wanted, rows: readonly SubscriberRow[]): Account | null {
    // The database's collation may find another spelling; the exact one goes first.
    const fitting = rows.filter(
      (row) => domain === '' || unicodeText(row.domain).toLowerCase() === domain.toLowerCase(),
    );
    const exact = wireText(name);
    const row = fitting.find(({ username }) => username === exact) ?? fitting[0];
    if (!row) return null;
    if (this.#options.useDomain && domain === '' && row.domain !== '' && fitting.length > 1) return null;
    if (known instanceof SerAccount && sameRow(known.row, row)) return known;
    return new SerAccount(row, this.#options.spec.table, this.#options.calculateHa1);
  }
}

/** For doors whose users seldom say a domain. */
export function inDefaultDomain(source: UserSource, defaultDomain: () => string): UserSource {
  const { name, shared, ignoresCase } = source;
  return { name, shared, ignoresCase, find };

  function find(user: string, domain: string, fresh?: boolean): Answer<Account | null> {
    return source.find(user, domain === '' ? defaultDomain() : domain, fresh);
  }
}

function isOfRow(account: Account, row: SubscriberRow): boolean {
  return account instanceof SerAccount && sameRow(account.row, row);
}

/** The bytes that a name may be in a table. */
function spellings(name: string): string[] {
  const wire = wireText(name);
  const isLatin1 = Buffer.from(name, 'latin1').toString('latin1') === name;
  return wire === name || !isLatin1 ? [wire] : [wire, name];
}

function storedHa1(row: SubscriberRow, username: string): string | undefined {
  const ha1 = username.includes('@') ? row.password2 : row.password;
  return ha1 === '' ? undefined : ha1.toLowerCase();
}

function sameRow(a: SubscriberRow, b: SubscriberRow): boolean {
  return (
    a.username === b.username &&
    a.domain === b.domain &&
    a.password === b.password &&
    a.password2 === b.password2 &&
    a.values.length === b.values.length &&
    a.values.every((value, i) => value === b.values[i])
  );
}
