/** Counts that fade: each failure adds one, and one is forgiven every `recoverMs`. */
export class Bucket {
  #level = 0;
  #at = 0;
  /** An answer is on its way from here; until it is given, all others are silent. */
  answering = false;

  /** Failures that still count. Times in milliseconds, monotonic. */
  level(now: number, recoverMs: number): number {
    return Math.max(0, this.#level - (now - this.#at) / recoverMs);
  }

  add(amount: number, now: number, recoverMs: number, most: number): void {
    this.#level = Math.min(most, Math.max(0, this.level(now, recoverMs) + amount));
    this.#at = now;
  }
}

/**
 * Buckets by key, bounded. Full, it gives up the emptiest of a few: whoever wants a full one to be forgotten must first fill
 * as many others.
 */
export class BucketTable<K> {
  readonly #buckets = new Map<K, Bucket>();
  readonly #capacity: number;
  readonly #recoverMs: number;

  constructor(capacity: number, recoverMs: number) {
    this.#capacity = capacity;
    this.#recoverMs = recoverMs;
  }

  get size(): number {
    return this.#buckets.size;
  }

  get(key: K): Bucket | undefined {
    return this.#buckets.get(key);
  }

  delete(key: K): void {
    this.#buckets.delete(key);
  }

  obtain(key: K, now: number): Bucket {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#capacity) this.#makeRoom(now);
      bucket = new Bucket();
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }

  #makeRoom(now: number): void {
    const looked: [K, Bucket][] = [];
    let emptiest = 0;
    for (const item of this.#buckets) {
      looked.push(item);
      const level = item[1].level(now, this.#recoverMs);
      if (level < looked[emptiest]![1].level(now, this.#recoverMs)) emptiest = looked.length - 1;
      if (level === 0 || looked.length === SAMPLE) break;
    }
    // Those looked at go to the end, so that the next look meets others.
    for (const [i, [key, bucket]] of looked.entries()) {
      this.#buckets.delete(key);
      if (i !== emptiest) this.#buckets.set(key, bucket);
    }
  }
}

const SAMPLE = 16;
