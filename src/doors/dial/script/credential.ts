/**
 * What ID and Password send without asking, and when the person is asked instead.
 *
 * `ask on retry`: what is stored goes out on each leg of a connection, the first call and the call back; a host that asks again on
 * the same leg did not like it, and the person is asked. `once`: one time in the whole connection, as KPPP does, so that the call
 * back asks. `stored`: always what is stored. What a person typed counts as stored for the rest of the connection.
 */
export const ASK_POLICIES = ['ask on retry', 'once', 'stored'] as const;
export type AskPolicy = (typeof ASK_POLICIES)[number];

export class Credential {
  #value: string;
  #sent = false;
  readonly #policy: AskPolicy;

  constructor(stored: string, policy: AskPolicy) {
    this.#value = stored;
    this.#policy = policy;
  }

  get value(): string {
    return this.#value;
  }

  /** What goes out now; undefined: ask. */
  offer(): string | undefined {
    if (this.#value === '' || (this.#sent && this.#policy !== 'stored')) return undefined;
    this.#sent = true;
    return this.#value;
  }

  typed(value: string): void {
    this.#value = value;
    this.#sent = true;
  }

  /** By Save: a new one, which was not sent yet. */
  replace(value: string): void {
    this.#value = value;
    this.#sent = false;
  }

  newLeg(): void {
    if (this.#policy !== 'once') this.#sent = false;
  }
}
