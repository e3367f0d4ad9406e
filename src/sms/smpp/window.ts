/** How many messages may wait for the gateway at once; those beyond wait in line, and a line that is too long takes no more. */
export class Window {
  readonly #line = new Set<() => void>();
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  /** Whether there was a place in time; who got one gives it back with `leave`. */
  enter(ms: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(true);
    }
    if (this.#line.size >= LONGEST_LINE) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#line.delete(step);
        resolve(false);
      }, ms);
      const step = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#line.add(step);
    });
  }

  leave(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#line.delete(next);
    next();
  }
}

const LONGEST_LINE = 1_000;
