/**
 * The bindings of one table: from the AOR to its best binding, and from each to the next best of the same AOR. An AOR with one
 * contact costs no array. Best means highest q first (none is lowest), among equals the newest; or newest first alone.
 */
import type { Binding, BindingName } from './binding.ts';

export class Contacts {
  readonly #first = new Map<string, Binding>();
  readonly #newestFirst: boolean;
  readonly #byCallId: boolean;
  #size = 0;

  /** `byCallId`: contacts that differ by their Call-IDs alone are two. */
  constructor(newestFirst: boolean, byCallId: boolean) {
    this.#newestFirst = newestFirst;
    this.#byCallId = byCallId;
  }

  get size(): number {
    return this.#size;
  }

  aors(): Iterable<string> {
    return this.#first.keys();
  }

  /** The best binding; the others follow by `next`. Expired ones are among them until they are swept. */
  first(aor: string): Binding | undefined {
    return this.#first.get(aor);
  }

  find(aor: string, { contact, callId }: BindingName): Binding | undefined {
    let binding = this.#first.get(aor);
    while (binding && (binding.contact !== contact || (this.#byCallId && binding.callId !== callId)))
      binding = binding.next;
    return binding;
  }

  insert(binding: Binding): void {
    const head = this.#first.get(binding.aor);
    this.#size++;
    if (head === undefined || this.#precedes(binding, head)) {
      binding.next = head;
      this.#first.set(binding.aor, binding);
      return;
    }
    binding.aor = head.aor; // one text for all
    let before = head;
    while (before.next && !this.#precedes(binding, before.next)) before = before.next;
    binding.next = before.next;
    before.next = binding;
  }

  remove(binding: Binding): void {
    const head = this.#first.get(binding.aor);
    if (head === binding) {
      if (binding.next) this.#first.set(binding.aor, binding.next);
      else this.#first.delete(binding.aor);
    } else {
      let before = head;
      while (before && before.next !== binding) before = before.next;
      if (before === undefined) return;
      before.next = binding.next;
    }
    binding.next = undefined;
    this.#size--;
  }

  /** Puts the binding to its place again after a refresh. */
  reorder(binding: Binding): void {
    if (binding.next === undefined && this.#first.get(binding.aor) === binding) return;
    this.remove(binding);
    this.insert(binding);
  }

  #precedes(newer: Binding, other: Binding): boolean {
    if (this.#newestFirst) return newer.modified >= other.modified;
    return newer.q > other.q || (newer.q === other.q && newer.modified >= other.modified);
  }
}
