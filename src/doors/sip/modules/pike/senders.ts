/**
 * Requests by sender in units of time. A sender over the limit stays so until one whole unit has passed within it, or the length of the
 * unit is another.
 *
 * Bounded: where there is no room, the sender counted first goes, one within the limit sooner than one over it. Times in
 * milliseconds of the monotonic clock.
 */
const CAPACITY = 100_000;
/** How many are looked at for one within the limit. */
const LOOKS = 8;

interface Sender {
  /** When the unit began in which the last request came. */
  since: number;
  current: number;
  previous: number;
  isOver: boolean;
}

export interface SenderLimits {
  readonly unitMs: number;
  readonly most: number;
  /** Never sooner than two units. */
  readonly forgetMs: number;
}

export class Senders {
  readonly #capacity: number;
  readonly #senders = new Map<string, Sender>();

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#senders.size;
  }

  /** 1: within the limit; -1: from now on over it; -2: over it as before. */
  count(place: string, now: number, { unitMs, most, forgetMs }: SenderLimits): number {
    const since = now - (now % unitMs);
    const sender = this.#senders.get(place) ?? this.#add(place, since, Math.max(forgetMs, 2 * unitMs));
    if (since !== sender.since) {
      sender.previous = since === sender.since + unitMs ? sender.current : 0;
      sender.current = 0;
      sender.since = since;
    }
    const wasOver = sender.isOver;
    sender.current++;
    sender.isOver = sender.current > most || sender.previous > most;
    if (!sender.isOver) return 1;
    return wasOver ? -2 : -1;
  }

  /** The first ones that are over the limit, in the order of their first request. */
  *over(now: number, unitMs: number, most: number): Generator<string> {
    const since = now - (now % unitMs);
    let told = 0;
    for (const [place, sender] of this.#senders) {
      if (!sender.isOver || since > sender.since + unitMs) continue;
      if (told++ === most) return;
      const [current, previous] = since === sender.since ? [sender.current, sender.previous] : [0, sender.current];
      yield `${place}: ${current}, ${previous}`;
    }
  }

  #add(place: string, since: number, forgetMs: number): Sender {
    this.#forget(since - forgetMs);
    if (this.#senders.size >= this.#capacity) this.#senders.delete(this.#leastMissed());
    const sender = { since, current: 0, previous: 0, isOver: false };
    this.#senders.set(place, sender);
    return sender;
  }

  /** Two at each new one, so that the old ones go faster than new ones come. */
  #forget(before: number): void {
    for (const [place, sender] of this.#first(2)) {
      this.#senders.delete(place);
      if (sender.since >= before) this.#senders.set(place, sender);
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
