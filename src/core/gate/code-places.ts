/**
 * Places where a user gave a right one-time code, at whichever door, and when: what policies with `remember` go by, and telephones, which
 * cannot ask for a code. Kept over restarts.
 *
 * A place is as limits count it. The table holds no names and addresses: its key is a keyed hash of both. Errors of `load`: STORAGE_UNAVAILABLE.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { dropOwn, type OwnRows, type OwnTable, putOwn } from '../journal/own-table.ts';
import type { Journal } from '../journal/types.ts';
import { placeOf } from '../limits/place.ts';

const TABLE: OwnTable = { name: 'gh_code_place', columns: ['id', 'proven'] };
/** Later codes of the same place are not written at once each. */
const WRITE_AFTER_MS = 3_600_000;
/** Longer than any rule can remember. */
const FORGET_MS = 400 * 86_400_000;
const MOST = 1_000_000;

export interface CodePlacesParts {
  readonly journal: Journal;
  readonly rows: OwnRows;
  readonly key: Buffer;
}

export class CodePlaces {
  readonly #parts: Omit<CodePlacesParts, 'key'>;
  readonly #key: KeyObject;
  readonly #proven = new Map<string, number>();

  constructor(parts: CodePlacesParts) {
    this.#parts = parts;
    this.#key = createSecretKey(parts.key);
  }

  /** `now`: places that are too old are let go. */
  async load(now: number): Promise<void> {
    for (const [id, proven] of await this.#parts.rows.read(TABLE, {})) {
      if (now - Number(proven) < FORGET_MS && this.#proven.size < MOST) this.#proven.set(String(id), Number(proven));
      else this.#parts.journal.append([dropOwn(TABLE, String(id))]);
    }
  }

  /** When a code was last given there, milliseconds since the epoch; undefined: never. */
  provenAt(user: string, address: string): number | undefined {
    return this.#proven.size === 0 ? undefined : this.#proven.get(this.#id(user, address));
  }

  proven(user: string, address: string, time: number): void {
    const id = this.#id(user, address);
    const before = this.#proven.get(id);
    if (before !== undefined && time - before < WRITE_AFTER_MS) return;
    if (before === undefined && this.#proven.size >= MOST) this.#dropOldest();
    this.#proven.set(id, time);
    this.#parts.journal.append([putOwn(TABLE, [id, time])]);
  }

  #dropOldest(): void {
    const [id] = this.#proven.keys();
    this.#proven.delete(id!);
    this.#parts.journal.append([dropOwn(TABLE, id!)]);
  }

  #id(user: string, address: string): string {
    const text = JSON.stringify([user, placeOf(address)]);
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}
