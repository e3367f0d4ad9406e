/**
 * Which nonce counts were used: a window per nonce, cnonce and user, so that a captured digest cannot be sent again (RFC 7616 section
 * 3.4, `nc`) while requests may still overtake each other.
 *
 * The cnonce belongs to it because a nonce is not one client's alone: all challenges of a second share theirs, and each client
 * begins at 1. Whoever replays cannot choose another cnonce, since the digest covers it.
 *
 * A count is recorded only after its digest matched; otherwise a stranger could use counts up. What is kept per window is one
 * number: the highest count and a bit for each of the 16 below it. Windows live in two generations, each as long as a nonce
 * may live; when `capacity` is reached the older generation goes early, which `forgottenEarly` counts.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { keyedHash } from '../limits/keyed-hash.ts';

const BITS = 16;
const SPAN = 2 ** BITS;
/** Many small tables: none of them ever grows for long at a stretch. */
const SHARDS = 64;

export interface NonceCountsOptions {
  readonly clock: Clock;
  /** The longest that a nonce is accepted, in milliseconds. */
  readonly lifetimeMs: number;
  /** Windows kept at most, about 60 bytes each. */
  readonly capacity?: number;
}

export class NonceCounts {
  /** Windows that had to go before their nonce expired. */
  forgottenEarly = 0;
  readonly #clock: Clock;
  readonly #half: number;
  #lifetimeMs: number;
  #young = emptyShards();
  #old = emptyShards();
  #youngSize = 0;
  #oldSize = 0;
  #since: number;
  readonly #seeds = [randomInt(2 ** 32), randomInt(2 ** 32)] as const;

  constructor(options: NonceCountsOptions) {
    this.#clock = options.clock;
    this.#lifetimeMs = options.lifetimeMs;
    this.#half = Math.max(1, Math.floor((options.capacity ?? 2_000_000) / 2));
    this.#since = options.clock.monotonic();
  }

  /**
   * Nonces live so long from now on. It never becomes less: a nonce shows only when it ends, so that one that was made for a longer life is
   * taken for a new one towards its end, and its counts must be known then.
   */
  coverLifetime(ms: number): void {
    this.#lifetimeMs = Math.max(this.#lifetimeMs, ms);
  }

  /** Windows kept now. */
  get size(): number {
    return this.#youngSize + this.#oldSize;
  }

  /** Records the count; false: it was used before, or is too far below the highest one. */
  use(nonce: string, cnonce: string, user: string, count: number): boolean {
    this.#turn();
    const start = keyedHash(cnonce, keyedHash(nonce, this.#seeds[0]));
    const low = keyedHash(user, start);
    const high = keyedHash(user, start ^ this.#seeds[1]);
    const key = (high >>> 0) * 0x100000 + (low >>> 12);
    const shard = low & (SHARDS - 1);
    const young = this.#young[shard]!;
    const kept = young.get(key);
    const window = kept ?? this.#old[shard]!.get(key);
    const next = window === undefined ? count * SPAN : step(window, count);
    if (next < 0) return false;
    young.set(key, next);
    if (kept === undefined) this.#youngSize++;
    return true;
  }

  #turn(): void {
    const now = this.#clock.monotonic();
    const full = this.#youngSize >= this.#half;
    if (!full && now - this.#since < this.#lifetimeMs) return;
    if (full && now - this.#since < this.#lifetimeMs) this.forgottenEarly += this.#oldSize;
    this.#old = this.#young;
    this.#oldSize = this.#youngSize;
    this.#young = emptyShards();
    this.#youngSize = 0;
    this.#since = now;
  }
}

/** The window after this count, or -1 when the count was used. Bit n of the low half: the highest count less n + 1. */
function step(window: number, count: number): number {
  const top = Math.floor(window / SPAN);
  const bits = window % SPAN;
  if (count > top) {
    const ahead = count - top;
    // The old top becomes bit `ahead - 1`.
    const moved = ahead > BITS ? 0 : ((bits << ahead) | (1 << (ahead - 1))) & (SPAN - 1);
    return count * SPAN + moved;
  }
  const behind = top - count;
  if (behind === 0 || behind > BITS) return -1;
  const bit = 1 << (behind - 1);
  return (bits & bit) !== 0 ? -1 : window + bit;
}

function emptyShards(): Map<number, number>[] {
  return Array.from({ length: SHARDS }, () => new Map());
}
