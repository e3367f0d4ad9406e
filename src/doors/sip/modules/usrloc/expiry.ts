/**
 * When bindings expire: a ring of 4,096 slots, one for each second, of lists that run through the bindings themselves.
 *
 * A binding that lies further ahead than one turn waits in the last slot and is put further when that comes, so a binding is
 * touched about once in 68 minutes and a second costs what falls into it. One call of `advance` handles at most `BUDGET` bindings; the
 * rest stays for the next call. The clock may jump either way. Units: seconds since the epoch.
 */
import type { Binding } from './binding.ts';

const SLOTS = 4096;
const BUDGET = 1000;

export class ExpiryRing {
  readonly #slots: (Binding | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #onExpired: (binding: Binding) => boolean;
  /** The second whose slot is emptied next. */
  #second: number;

  /** `onExpired` gives false for a binding that must stay a second longer; else the ring has let go of it already. */
  constructor(now: number, onExpired: (binding: Binding) => boolean) {
    this.#second = now;
    this.#onExpired = onExpired;
  }

  /** Puts the binding where its `expires` wants it; permanent ones lie nowhere. */
  place(binding: Binding): void {
    this.remove(binding);
    if (binding.expires !== 0) this.#put(binding, binding.expires);
  }

  remove(binding: Binding): void {
    if (binding.slot < 0) return;
    if (binding.earlier) binding.earlier.later = binding.later;
    else this.#slots[binding.slot] = binding.later;
    if (binding.later) binding.later.earlier = binding.earlier;
    binding.later = undefined;
    binding.earlier = undefined;
    binding.slot = -1;
  }

  /** Lets go of what has expired by now; false: there is more to do at once. */
  advance(now: number): boolean {
    // After a jump ahead one turn meets everything; after a jump back the slots in between are looked at again.
    this.#second = Math.min(Math.max(this.#second, now - SLOTS + 1), now);
    for (let left = BUDGET; this.#second <= now; this.#second++) {
      for (;;) {
        const binding = this.#slots[this.#second % SLOTS];
        if (binding === undefined) break;
        if (left-- === 0) return false;
        this.remove(binding);
        if (binding.expires > now) this.#put(binding, binding.expires);
        else if (!this.#onExpired(binding)) this.#put(binding, now + 1);
      }
    }
    return true;
  }

  #put(binding: Binding, second: number): void {
    // Never into the slot being emptied, unless the binding is due there.
    const place = Math.min(Math.max(second, this.#second), this.#second + SLOTS - 1);
    const slot = place % SLOTS;
    const head = this.#slots[slot];
    binding.later = head;
    if (head) head.earlier = binding;
    this.#slots[slot] = binding;
    binding.slot = slot;
  }
}
