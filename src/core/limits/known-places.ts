/**
 * Places where a user got in before. A user with one place costs one entry of a Map: the place is kept as a keyed 31-bit hash.
 *
 * Only a proven user adds a place, so strangers can neither fill nor wash out the table. At most 8 places per user, the
 * latest first. The key of the hash belongs to the table, so that what was kept can be read again.
 */
import { randomInt } from 'node:crypto';
import { keyedHash } from './keyed-hash.ts';
import { placeOf } from './place.ts';

const PLACES = 8;
/** Users whose places are remembered at most. */
const CAPACITY = 1_000_000;

export class KnownPlaces {
  /** Places added so far; another number means that something is worth keeping. */
  added = 0;
  /** Key of the hashes. */
  readonly seed: number;
  readonly #places = new Map<string, number | number[]>();
  readonly #capacity: number;

  constructor(capacity: number = CAPACITY, seed: number = randomInt(2 ** 32)) {
    this.#capacity = capacity;
    this.seed = seed;
  }

  /** Users with places. */
  get size(): number {
    return this.#places.size;
  }

  /** The place that an address belongs to, as this table names it. */
  hashOf(address: string): number {
    return keyedHash(placeOf(address), this.seed) >> 1; // 31 bits: kept without a box
  }

  has(user: string, place: number): boolean {
    const known = this.#places.get(user);
    return known === place || (typeof known === 'object' && known.includes(place));
  }

  add(user: string, place: number): void {
    const known = this.#places.get(user);
    if (known === place || (typeof known === 'object' && known[0] === place)) return;
    if (known === undefined) this.#set(user, place);
    else if (typeof known === 'number') this.#places.set(user, [place, known]);
    else if (toFront(known, place)) return;
    this.added++;
  }

  entries(): MapIterator<[string, number | readonly number[]]> {
    return this.#places.entries();
  }

  /** Puts a user of `entries` back, who must not be known yet. */
  restore(user: string, places: number[]): void {
    this.#set(user, places.length === 1 ? places[0]! : places.slice(0, PLACES));
  }

  #set(user: string, places: number | number[]): void {
    if (this.#places.size >= this.#capacity) this.#dropOldest();
    this.#places.set(user, places);
  }

  #dropOldest(): void {
    for (const user of this.#places.keys()) {
      this.#places.delete(user);
      return;
    }
  }
}

/** True: it was among them already. */
function toFront(known: number[], place: number): boolean {
  const at = known.indexOf(place);
  if (at >= 0) known.splice(at, 1);
  else if (known.length >= PLACES) known.pop();
  known.unshift(place);
  return at >= 0;
}
