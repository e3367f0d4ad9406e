/**
 * How many characters of messages are held, so that memory is bounded whatever the size of the messages: a character is a byte
 * as it came, and about two while it is also kept as it is sent.
 */
export class Budget {
  readonly #most: number;
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get held(): number {
    return this.#held;
  }

  /** Whether so many more may be held for new work; work under way may always go on. */
  fits(characters: number): boolean {
    return this.#held + characters <= this.#most;
  }

  /** `characters` more are held; negative: so many less. */
  change(characters: number): void {
    this.#held += characters;
  }
}
