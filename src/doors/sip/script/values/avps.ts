/** The AVPs of one message and its transaction; the last one added comes first. Bounded, so that no script fills the memory. */

/** `s:name` or `i:13`. */
export type AvpName = string;

const MOST = 512;
const MOST_CHARACTERS = 262_144;

export class AvpList {
  readonly #names: AvpName[] = [];
  readonly #values: (string | number)[] = [];
  #characters = 0;

  first(name: AvpName): string | number | undefined {
    const at = this.#names.lastIndexOf(name);
    return at < 0 ? undefined : this.#values[at];
  }

  all(name: AvpName): (string | number)[] {
    const found: (string | number)[] = [];
    for (let at = this.#names.length - 1; at >= 0; at--) if (this.#names[at] === name) found.push(this.#values[at]!);
    return found;
  }

  /** False: there is no room. */
  push(name: AvpName, value: string | number): boolean {
    const size = sizeOf(value);
    if (this.#names.length >= MOST || this.#characters + size > MOST_CHARACTERS) return false;
    this.#names.push(name);
    this.#values.push(value);
    this.#characters += size;
    return true;
  }

  /** Puts the value in the place of the first one, or adds it. */
  replaceFirst(name: AvpName, value: string | number): boolean {
    const at = this.#names.lastIndexOf(name);
    if (at < 0) return this.push(name, value);
    const more = sizeOf(value) - sizeOf(this.#values[at]!);
    if (this.#characters + more > MOST_CHARACTERS) return false;
    this.#values[at] = value;
    this.#characters += more;
    return true;
  }

  removeFirst(name: AvpName): void {
    const at = this.#names.lastIndexOf(name);
    if (at >= 0) this.#remove(at);
  }

  removeAll(name: AvpName): void {
    for (let at = this.#names.length - 1; at >= 0; at--) if (this.#names[at] === name) this.#remove(at);
  }

  /** All names and values, the first first; for those who look on. */
  *entries(): Generator<[AvpName, string | number]> {
    for (let at = this.#names.length - 1; at >= 0; at--) yield [this.#names[at]!, this.#values[at]!];
  }

  #remove(at: number): void {
    this.#characters -= sizeOf(this.#values[at]!);
    this.#names.splice(at, 1);
    this.#values.splice(at, 1);
  }
}

function sizeOf(value: string | number): number {
  return typeof value === 'string' ? value.length : 8;
}
