/** So many at once, the others in their order. */
export class Lanes {
  readonly #most: number;
  readonly #room: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number, room: number) {
    this.#most = most;
    this.#room = room;
  }

  get hasRoom(): boolean {
    return this.#waiting.length < this.#room;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
