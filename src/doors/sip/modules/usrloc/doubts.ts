/**
 * New contacts that were refused and may be on disk all the same, since contact with the database was lost while they were being
 * committed. Memory does not know them; their rows would come back with a restart, even if their telephone removed them meanwhile.
 * So a removal of such a contact deletes its row.
 *
 * Those of at most MOST addresses of record are remembered; beyond that the one refused first is forgotten.
 */
import type { Binding, BindingName } from './binding.ts';

const MOST = 10_000;
const NONE: readonly Binding[] = [];

export class Doubts {
  /** By AOR, in the order they were refused. */
  readonly #contacts = new Map<string, Binding[]>();
  readonly #byCallId: boolean;

  constructor(byCallId: boolean) {
    this.#byCallId = byCallId;
  }

  add(candidate: Binding): void {
    const { aor } = candidate.detach();
    const others = this.#others(aor, candidate);
    this.#contacts.delete(aor);
    this.#contacts.set(aor, [...others, candidate]);
    if (this.#contacts.size <= MOST) return;
    for (const oldest of this.#contacts.keys()) {
      this.#contacts.delete(oldest);
      return;
    }
  }

  of(aor: string): readonly Binding[] {
    return this.#contacts.size === 0 ? NONE : (this.#contacts.get(aor) ?? NONE);
  }

  /** It is known again whether the contact is on disk. */
  settle(aor: string, binding: BindingName): void {
    if (this.of(aor).length === 0) return;
    const others = this.#others(aor, binding);
    if (others.length > 0) this.#contacts.set(aor, others);
    else this.#contacts.delete(aor);
  }

  #others(aor: string, { contact, callId }: BindingName): Binding[] {
    return this.of(aor).filter((one) => one.contact !== contact || (this.#byCallId && one.callId !== callId));
  }
}
