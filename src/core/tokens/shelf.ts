/**
 * The tokens in memory, in front of their table: main alone writes it, so what stands here is newer than the row or the same.
 *
 * Tokens are kept by owner, all of one owner's together (a token without owner by itself), since a login asks for all of them. A change is
 * seen here at once and becomes durable through the journal; what is not durable yet is never let go, and a failed write leaves
 * memory as it is: a counter only goes forward. Full, the shelf lets go of owners that were not asked for since its last round.
 *
 * Errors (rejections): STORAGE_UNAVAILABLE; those of the journal from `write`.
 */
import { dropOwn, type OwnRows, putOwn } from '../journal/own-table.ts';
import type { Change, Journal } from '../journal/types.ts';
import { rowOf, TOKEN_TABLE, type Token, tokenOf } from './token.ts';
import type { TokenOwner } from './types.ts';

type OwnerId = Pick<TokenOwner, 'source' | 'id'>;

/** All tokens of an owner. */
interface Owned {
  readonly key: string;
  readonly tokens: Map<string, Token>;
  /** Serials of tokens that left, whose rows may still say otherwise. */
  readonly gone: Set<string>;
  /** Units that are not settled. */
  unsettled: number;
  used: boolean;
  /** An administrator's change could not be written: the rows are read anew. */
  stale: boolean;
}

export interface ShelfOptions {
  readonly store: OwnRows;
  readonly journal: Journal;
  /** Owners in memory at most, some more while their tokens wait to be written. */
  readonly capacity?: number;
}

export class Shelf {
  readonly #store: OwnRows;
  readonly #journal: Journal;
  readonly #capacity: number;
  readonly #owned = new Map<string, Owned>();
  readonly #bySerial = new Map<string, Owned>();
  readonly #reading = new Map<string, Promise<unknown>>();
  /** Changed since the last `write`. */
  #touched = new Set<Owned>();

  constructor({ store, journal, capacity = 50_000 }: ShelfOptions) {
    this.#store = store;
    this.#journal = journal;
    this.#capacity = capacity;
  }

  /** Sees to it that the owner's tokens are in memory; undefined: they are. */
  ready(owner: OwnerId): Promise<unknown> | undefined {
    const key = ownerKey(owner);
    return this.#owned.has(key) ? undefined : this.#read(key, { owner_source: owner.source, owner_id: owner.id });
  }

  /** The owner's tokens, by serial. Only right after `ready`. */
  of(owner: OwnerId): Token[] {
    const owned = this.#owned.get(ownerKey(owner));
    if (!owned) return [];
    owned.used = true;
    const tokens = [...owned.tokens.values()];
    return tokens.length < 2 ? tokens : tokens.sort((a, b) => (a.serial < b.serial ? -1 : 1));
  }

  /** Sees to it that this token and those of its owner are in memory, if there is such a one. */
  async find(serial: string): Promise<Token | undefined> {
    if (this.#bySerial.has(serial)) return this.get(serial);
    const [row] = await this.#store.read(TOKEN_TABLE, { serial });
    if (!row) return this.get(serial);
    const { owner } = tokenOf(row);
    if (owner) await this.ready(owner);
    else if (!this.#owned.has(loneKey(serial))) await this.#read(loneKey(serial), { serial });
    return this.get(serial);
  }

  /** From memory alone, as it is at this moment. */
  get(serial: string): Token | undefined {
    const owned = this.#bySerial.get(serial);
    if (owned) owned.used = true;
    return owned?.tokens.get(serial);
  }

  /** Changes a token, whose new owner's must be in memory; gives what to hand to `write`, at once. */
  put(token: Token): Change {
    const key = keyOf(token);
    const owned = this.#owned.get(key) ?? this.#keep(key, []);
    const before = this.#bySerial.get(token.serial);
    if (before && before !== owned) this.#leave(before, token.serial);
    owned.gone.delete(token.serial);
    owned.tokens.set(token.serial, token);
    this.#bySerial.set(token.serial, owned);
    this.#touched.add(owned);
    return putOwn(TOKEN_TABLE, rowOf(token));
  }

  drop(serial: string): Change {
    const owned = this.#bySerial.get(serial);
    if (owned) this.#leave(owned, serial);
    return dropOwn(TOKEN_TABLE, serial);
  }

  /**
   * Appends the changes, with those of other tables, as one unit; resolves when they are durable. `byAdmin`: if they cannot be written,
   * what was changed is read anew.
   */
  write(changes: readonly Change[], byAdmin = false): Promise<void> {
    const touched = this.#touched;
    this.#touched = new Set();
    for (const owned of touched) owned.unsettled++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#journal.append(changes, {
      settled: (error) => {
        for (const owned of touched) {
          owned.unsettled--;
          if (error && byAdmin) owned.stale = true;
          if (owned.unsettled === 0) this.#settle(owned);
        }
        if (error) reject(error);
        else resolve();
      },
    });
    return promise;
  }

  /** Owners in memory. */
  get size(): number {
    return this.#owned.size;
  }

  #read(key: string, where: Readonly<Record<string, string>>): Promise<unknown> {
    const under = this.#reading.get(key);
    if (under) return under;
    const reading = this.#store
      .read(TOKEN_TABLE, where)
      .then((rows) => {
        if (!this.#owned.has(key)) this.#keep(key, rows.map(tokenOf));
      })
      .finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  #keep(key: string, tokens: readonly Token[]): Owned {
    if (this.#owned.size >= this.#capacity) this.#letGo();
    const owned: Owned = { key, tokens: new Map(), gone: new Set(), unsettled: 0, used: true, stale: false };
    this.#owned.set(key, owned);
    for (const token of tokens) {
      // What memory knows of a token is newer: it may be somebody else's by now, or gone.
      if (this.#bySerial.has(token.serial) || keyOf(token) !== key) continue;
      owned.tokens.set(token.serial, token);
      this.#bySerial.set(token.serial, owned);
    }
    return owned;
  }

  #leave(owned: Owned, serial: string): void {
    owned.tokens.delete(serial);
    owned.gone.add(serial);
    this.#touched.add(owned);
  }

  /** All of the owner's changes are durable, or given up. */
  #settle(owned: Owned): void {
    for (const serial of owned.gone) if (this.#bySerial.get(serial) === owned) this.#bySerial.delete(serial);
    owned.gone.clear();
    if (owned.stale) this.#forget(owned);
  }

  #letGo(): void {
    for (const owned of this.#owned.values()) {
      if (owned.unsettled > 0) continue;
      if (owned.used) owned.used = false;
      else this.#forget(owned);
    }
  }

  #forget(owned: Owned): void {
    this.#owned.delete(owned.key);
    for (const serial of owned.tokens.keys()) this.#bySerial.delete(serial);
  }
}

function keyOf({ owner, serial }: Token): string {
  return owner ? ownerKey(owner) : loneKey(serial);
}

function ownerKey({ source, id }: OwnerId): string {
  return `${source}\n${id}`;
}

/** No source has an empty name. */
function loneKey(serial: string): string {
  return `\n${serial}`;
}
