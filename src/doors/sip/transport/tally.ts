/** How many there are, in all and of each kind. */
export class Tally {
  readonly #kinds = new Map<string, number>();
  total = 0;

  of(kind: string): number {
    return this.#kinds.get(kind) ?? 0;
  }

  add(kind: string): void {
    this.total++;
    this.#kinds.set(kind, this.of(kind) + 1);
  }

  remove(kind: string): void {
    const left = this.of(kind) - 1;
    this.total--;
    if (left > 0) this.#kinds.set(kind, left);
    else this.#kinds.delete(kind);
  }
}
