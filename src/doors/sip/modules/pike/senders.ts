/**
 * Requests by sender in units of time. A sender over the limit stays so until one whole unit has passed within it.
 *
 * Bounded: where there is no room, the sender counted first goes, one within the limit sooner than one over it. Times in
 * milliseconds of the monotonic clock.
 */
const CAPACITY = 100_000;
/** How many are looked at for one within the limit. */
const LOOKS = 8;

interface Sender {
  unit: number;
  current: number;
  previous: number;
  isOver: boolean;
}

export interface SendersOptions {
  readonly unitMs: number;
  readonly most: number;
  readonly forgetMs: number;
  /** Senders kept at most. */
  readonly capacity?: number;
}

export class Senders {
  readonly #options: SendersOptions;
  readonly #capacity: number;
  readonly #forgetUnits: number;
  readonly #senders = new Map<string, Sender>();

  constructor(options: SendersOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? CAPACITY;
    this.#forgetUnits = Math.max(2, Math.ceil(options.forgetMs / options.unitMs));
  }

  get size(): number {
    return this.#senders.size;
  }

  /** 1: within the limit; -1: from now on over it; -2: over it as before. */
  count(place: string, now: number): number {
    const unit = Math.floor(now / this.#options.unitMs);
    const sender = this.#senders.get(place) ?? this.#add(place, unit);
    if (unit !== sender.unit) {
      sender.previous = unit === sender.unit + 1 ? sender.current : 0;
      sender.current = 0;
      sender.unit = unit;
    }
    const wasOver = sender.isOver;
    sender.current++;
    sender.isOver = sender.current > this.#options.most || sender.previous > this.#options.most;
    if (!sender.isOver) return 1;
    return wasOver ? -2 : -1;
  }

  #add(place: string, unit: number): Sender {
    this.#forget(unit);
    if (this.#senders.size >= this.#capacity) this.#senders.delete(this.#leastMissed());
    const sender = { unit, current: 0, previous: 0, isOver: false };
    this.#senders.set(place, sender);
    return sender;
  }

  /** Two at each new one, so that the old ones go faster than new ones come. */
  #forget(unit: number): void {
    for (const [place, sender] of this.#first(2)) {
      this.#senders.delete(place);
      if (unit - sender.unit <= this.#forgetUnits) this.#senders.set(place, sender);
    }
  }

  #leastMissed(): string {
    const first = this.#first(LOOKS);
    return (first.find(([, { isOver }]) => !isOver) ?? first[0]!)[0];
  }

  #first(count: number): [string, Sender][] {
    const found: [string, Sender][] = [];
    for (const entry of this.#senders) if (found.push(entry) === count) break;
    return found;
  }
}
