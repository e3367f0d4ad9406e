/**
 * A pattern's automaton as sets of its positions, the places of the pattern that take a character (Glushkov's construction): a text's
 * state is the set of positions taken last, 32 of them in a word. One character costs at most `steps` looks at words, whatever
 * the text: a pattern with more of them than MOST_STEPS is refused.
 *
 * Most positions lead to the one behind them, which is one shift of the whole set; all others are jumps, kept together where they
 * begin or end alike. Source: Navarro and Raffinot, Flexible Pattern Matching in Strings, 5.2 and 5.3.
 */
import { Automaton } from './pattern-automaton.ts';
import { PatternError, type PatternOptions } from './pattern-tree.ts';

/** With the longest message, 65,535 characters, about 30 ms in the worst case. */
const MOST_STEPS = 400;
/** While a pattern is read: hostile ones may come with a message, in a variable. */
const MOST_VISITS = 40_000;

/** What holds between two characters: bits. */
export const AT_START = 1;
export const AT_END = 2;

type Bits = Int32Array;

/** What may come next in one context. */
interface Ways {
  /** Taken first. */
  readonly first: Bits;
  /** The pattern is fulfilled before it has taken anything. */
  readonly empty: boolean;
  /** Positions behind which it is fulfilled. */
  readonly last: Bits;
  /** Positions that lead to the one behind them. */
  readonly shifts: Bits;
  readonly jumps: readonly Jump[];
}

/** Any of `from` leads to all of `to`; the words that are not 0 begin and end as said. */
interface Jump {
  readonly from: Bits;
  readonly fromWord: number;
  readonly fromEnd: number;
  readonly to: Bits;
  readonly toWord: number;
  readonly toEnd: number;
}

export class PatternSets {
  readonly words: number;
  /** The most that one character costs, in looks at words. */
  readonly steps: number;
  readonly #automaton: Automaton;
  /** Nodes by position, and positions by node. */
  readonly #positions: readonly number[];
  readonly #places = new Map<number, number>();
  /** By context. */
  readonly #ways: readonly Ways[];
  /** By character: the positions that take it. */
  readonly #takers: (Bits | undefined)[] = new Array(256).fill(undefined);
  #visits = 0;

  constructor(text: string, options: PatternOptions) {
    this.#automaton = new Automaton(text, options);
    const { nodes } = this.#automaton;
    // Built from its end on, so that this is the order of the pattern.
    this.#positions = nodes.flatMap(({ kind }, index) => (kind === 'take' ? [index] : [])).reverse();
    for (const [place, index] of this.#positions.entries()) this.#places.set(index, place);
    this.words = Math.max(1, Math.ceil(this.#positions.length / 32));
    const inside = this.#waysIn(0);
    const asserts = nodes.some(({ kind }) => kind === 'start' || kind === 'end');
    this.#ways = asserts
      ? [inside, this.#waysIn(AT_START), this.#waysIn(AT_END), this.#waysIn(AT_START | AT_END)]
      : [inside, inside, inside, inside];
    this.steps = Math.max(...this.#ways.map((ways) => this.#stepsOf(ways)));
    if (this.steps > MOST_STEPS) throw tooLarge();
  }

  /** Once nothing was taken in the middle of a text, nothing ever will be. */
  get anchored(): boolean {
    const [inside, , atEnd] = this.#ways;
    return inside!.first.every((word) => word === 0) && !inside!.empty && !atEnd!.empty;
  }

  isFulfilled(taken: Bits, context: number): boolean {
    const { empty, last } = this.#ways[context]!;
    return empty || meets(taken, last, 0, this.words);
  }

  /** Fills `next` with what is taken after `taken` when the next character is `code`. */
  step(taken: Bits, next: Bits, code: number, context: number): void {
    const { first, shifts, jumps } = this.#ways[context]!;
    this.#takers[code] ??= this.#bits((place) => this.#automaton.nodes[this.#positions[place]!]!.set![code] === 1);
    const takers = this.#takers[code];
    let carry = 0;
    for (let word = 0; word < this.words; word++) {
      const from = taken[word]! & shifts[word]!;
      next[word] = first[word]! | (from << 1) | carry;
      carry = from >>> 31;
    }
    for (let i = 0; i < jumps.length; i++) {
      const jump = jumps[i]!;
      if (!meets(taken, jump.from, jump.fromWord, jump.fromEnd)) continue;
      for (let word = jump.toWord; word < jump.toEnd; word++) next[word] = next[word]! | jump.to[word]!;
    }
    for (let word = 0; word < this.words; word++) next[word] = next[word]! & takers[word]!;
  }

  #waysIn(context: number): Ways {
    const { nodes, entry } = this.#automaton;
    const first = this.#reached(entry, context);
    const after = this.#positions.map((index) => this.#reached(nodes[index]!.next, context));
    const alike = new Map<string, number>();
    for (const { key } of after) alike.set(key, (alike.get(key) ?? 0) + 1);
    const shifts = this.#bits((place) => after[place]!.to.has(place + 1) && alike.get(after[place]!.key) === 1);
    const jumps = new Map<string, { from: Set<number>; to: ReadonlySet<number> }>();
    for (const [place, { to, key }] of after.entries()) {
      const shifted = has(shifts, place);
      const others = shifted ? new Set([...to].filter((one) => one !== place + 1)) : to;
      if (others.size === 0) continue;
      const name = shifted ? [...others].join() : key;
      const jump = jumps.get(name) ?? { from: new Set(), to: others };
      jumps.set(name, jump);
      jump.from.add(place);
    }
    return {
      first: this.#bits((place) => first.to.has(place)),
      empty: first.accepts,
      last: this.#bits((place) => after[place]!.accepts),
      shifts,
      jumps: [...jumps.values()].map((jump) => this.#jump(jump.from, jump.to)),
    };
  }

  #jump(start: ReadonlySet<number>, goal: ReadonlySet<number>): Jump {
    const from = this.#bits((place) => start.has(place));
    const to = this.#bits((place) => goal.has(place));
    const [fromWord, fromEnd] = extent(from);
    const [toWord, toEnd] = extent(to);
    return { from, fromWord, fromEnd, to, toWord, toEnd };
  }

  /** The positions that can be taken next from a node on; `key` names them. */
  #reached(node: number, context: number): { to: ReadonlySet<number>; accepts: boolean; key: string } {
    const { nodes } = this.#automaton;
    const seen = new Set<number>();
    const open = [node];
    const to: number[] = [];
    let accepts = false;
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seen.has(index)) continue;
      seen.add(index);
      if (++this.#visits > MOST_VISITS) throw tooLarge();
      const { kind, next, other } = nodes[index]!;
      if (kind === 'take') to.push(this.#places.get(index)!);
      else if (kind === 'accept') accepts = true;
      else if (kind === 'free') open.push(next, other);
      else if (kind === 'note' || (context & (kind === 'start' ? AT_START : AT_END)) !== 0) open.push(next);
    }
    to.sort((a, b) => a - b);
    return { to: new Set(to), accepts, key: to.join() };
  }

  #stepsOf({ jumps }: Ways): number {
    let steps = 3 * this.words;
    for (const { fromWord, fromEnd, toWord, toEnd } of jumps) steps += fromEnd - fromWord + (toEnd - toWord);
    return steps;
  }

  #bits(holds: (place: number) => boolean): Bits {
    const bits = new Int32Array(this.words);
    for (let place = 0; place < this.#positions.length; place++)
      if (holds(place)) bits[place >> 5] = bits[place >> 5]! | (1 << (place & 31));
    return bits;
  }
}

function tooLarge(): PatternError {
  return new PatternError(0, 'the pattern is too large: its counts multiply');
}

function has(bits: Bits, place: number): boolean {
  return (bits[place >> 5]! & (1 << (place & 31))) !== 0;
}

function meets(one: Bits, other: Bits, from: number, end: number): boolean {
  for (let word = from; word < end; word++) if ((one[word]! & other[word]!) !== 0) return true;
  return false;
}

function extent(bits: Bits): [first: number, end: number] {
  return [bits.findIndex((word) => word !== 0), bits.findLastIndex((word) => word !== 0) + 1];
}
