/**
 * Says of most branches that no transaction has them, without making the key that `find` needs: a table that counts them by their
 * hash. What it lets through may belong to a transaction or not.
 */

/** A power of two, and more than there may be transactions. */
const PLACES = 1 << 18;

export class BranchSieve {
  readonly #counts = new Uint32Array(PLACES);

  add(hash: number): void {
    this.#counts[hash & (PLACES - 1)]!++;
  }

  remove(hash: number): void {
    this.#counts[hash & (PLACES - 1)]!--;
  }

  has(hash: number): boolean {
    return this.#counts[hash & (PLACES - 1)] !== 0;
  }
}
