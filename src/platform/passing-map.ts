/**
 * A table of what comes and goes by the thousand in a second, found by a text.
 *
 * A Map makes its table anew again and again under such a load, and each table that it leaves behind points to the next one. As
 * soon as a collection has moved one of them to the old generation, all that follow survive, with what they held, until the old
 * generation is collected: measured, 5 kB of each registration that had waited a few milliseconds. Here a place is used again,
 * and what is taken out is held by nothing.
 */
const FIRST_PLACES = 64;
const NONE = -1;

export class PassingMap<V> {
  readonly #hash: (key: string) => number;
  #keys: (string | undefined)[] = [];
  #values: (V | undefined)[] = [];
  /** Place of the first of each chain, and behind each place the next one of its chain, or the next free one. */
  #heads = new Int32Array(FIRST_PLACES).fill(NONE);
  #links = new Int32Array(FIRST_PLACES);
  #free = NONE;
  #size = 0;

  /** `hash`: 32 bits that nobody outside can foresee. */
  constructor(hash: (key: string) => number) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    return this.#size > 0 && this.#find(key) !== NONE;
  }

  get(key: string): V | undefined {
    if (this.#size === 0) return undefined;
    const place = this.#find(key);
    return place === NONE ? undefined : this.#values[place];
  }

  set(key: string, value: V): void {
    const known = this.#find(key);
    if (known !== NONE) {
      this.#values[known] = value;
      return;
    }
    const place = this.#takePlace();
    const chain = this.#chain(key);
    this.#keys[place] = key;
    this.#values[place] = value;
    this.#links[place] = this.#heads[chain]!;
    this.#heads[chain] = place;
    this.#size++;
  }

  delete(key: string): void {
    const chain = this.#chain(key);
    let before = NONE;
    let place = this.#heads[chain]!;
    while (place !== NONE && this.#keys[place] !== key) {
      before = place;
      place = this.#links[place]!;
    }
    if (place === NONE) return;
    if (before === NONE) this.#heads[chain] = this.#links[place]!;
    else this.#links[before] = this.#links[place]!;
    this.#keys[place] = undefined;
    this.#values[place] = undefined;
    this.#links[place] = this.#free;
    this.#free = place;
    this.#size--;
  }

  /** Those that are there now, in no order. */
  values(): V[] {
    return this.#values.filter((value) => value !== undefined);
  }

  #chain(key: string): number {
    return this.#hash(key) & (this.#heads.length - 1);
  }

  #find(key: string): number {
    let place = this.#heads[this.#chain(key)]!;
    while (place !== NONE && this.#keys[place] !== key) place = this.#links[place]!;
    return place;
  }

  #takePlace(): number {
    const place = this.#free;
    if (place === NONE) {
      if (this.#keys.length === this.#heads.length) this.#grow();
      this.#values.push(undefined);
      return this.#keys.push(undefined) - 1;
    }
    this.#free = this.#links[place]!;
    return place;
  }

  /** All places are taken. */
  #grow(): void {
    this.#heads = new Int32Array(this.#heads.length * 2).fill(NONE);
    this.#links = new Int32Array(this.#heads.length);
    for (let place = 0; place < this.#keys.length; place++) {
      const chain = this.#chain(this.#keys[place]!);
      this.#links[place] = this.#heads[chain]!;
      this.#heads[chain] = place;
    }
  }
}
