/**
 * Places where a user got in before. A user with one place costs one entry of a Map: the place is kept as a keyed 31-bit hash.
 *
 * Only a proven user adds a place, so strangers can neither fill nor wash out the table. At most 8 places per user, the
 * latest first.
 */
const PLACES = 8;

export class KnownPlaces {
  readonly #places = new Map<string, number | number[]>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(user: string, place: number): boolean {
    const known = this.#places.get(user);
    return known === place || (typeof known === 'object' && known.includes(place));
  }

  add(user: string, place: number): void {
    const known = this.#places.get(user);
    if (known === place) return;
    if (known === undefined) {
      if (this.#places.size >= this.#capacity) this.#dropOldest();
      this.#places.set(user, place);
    } else if (typeof known === 'number') {
      this.#places.set(user, [place, known]);
    } else if (known[0] !== place) {
      const at = known.indexOf(place);
      if (at > 0) known.splice(at, 1);
      else if (known.length >= PLACES) known.pop();
      known.unshift(place);
    }
  }

  #dropOldest(): void {
    for (const user of this.#places.keys()) {
      this.#places.delete(user);
      return;
    }
  }
}
