/**
 * Where a pattern stands in a text: the leftmost place and there the longest, as POSIX says, and what its groups cover. For
 * substitutions; whether it is there at all, pattern.ts says faster.
 *
 * All ways are followed at once, none is gone back, so that the time of one place is that of the text times the pattern. Whoever
 * looks for many places gives all of them one purse of steps, for each may have to look at the text up to its end. A group
 * that could cover this or that covers as much as it can, from left to right.
 */
import { Automaton } from './pattern-automaton.ts';
import type { PatternOptions } from './pattern-tree.ts';

const LF = 10;
const CR = 13;

/** Two numbers for the whole and for each group: where it begins and ends, -1 = it was not met. */
export type Place = readonly number[];

/** What may be spent, in nodes that are looked at and notes that are copied. */
export interface Purse {
  steps: number;
}

/** Some 60 ms; an honest substitution in the longest message takes a hundredth. */
export const MOST_STEPS = 5_000_000;

export class PatternPlaces {
  readonly #automaton: Automaton;
  /** Nodes that wait for the next character, without doubles, and of each where its way began or what it has noted. */
  #nodes: Int32Array;
  #next: Int32Array;
  #count = 0;
  #starts: Int32Array;
  #nextStarts: Int32Array;
  #notes: (readonly number[])[] = [];
  #nextNotes: (readonly number[])[] = [];
  /** By node: the position for which it was listed last. */
  readonly #listed: Int32Array;
  #purse: Purse = { steps: 0 };

  constructor(text: string, options: PatternOptions = {}) {
    this.#automaton = new Automaton(text, options);
    const size = this.#automaton.nodes.length;
    this.#nodes = new Int32Array(size);
    this.#next = new Int32Array(size);
    this.#starts = new Int32Array(size);
    this.#nextStarts = new Int32Array(size);
    this.#listed = new Int32Array(size);
  }

  get groups(): number {
    return this.#automaton.groups;
  }

  /** The first place from `from` on; undefined also when the purse is empty before it is found. */
  find(text: string, from: number, purse: Purse): Place | undefined {
    this.#purse = purse;
    const { nodes, entry } = this.#automaton;
    let best = -1;
    let bestEnd = -1;
    purse.steps -= this.#listed.length;
    this.#begin();
    for (let at = from; ; at++) {
      if (best < 0) this.#reach(entry, at, at, text);
      // Ways are listed by where they began, so that the first to come to a node is the one that began first.
      for (let i = 0; i < this.#count; i++) {
        if (best >= 0 && this.#nextStarts[i]! > best) this.#count = i;
        else if (nodes[this.#next[i]!]!.kind === 'accept') {
          best = this.#nextStarts[i]!;
          bestEnd = at;
        }
      }
      if (at >= text.length || (best >= 0 && this.#count === 0)) break;
      if (purse.steps <= 0) return undefined;
      const count = this.#turn();
      purse.steps -= count + 1;
      const code = text.charCodeAt(at) & 255;
      for (let i = 0; i < count; i++) {
        const node = nodes[this.#nodes[i]!]!;
        if (node.kind === 'take' && node.set![code]) this.#reach(node.next, this.#starts[i]!, at + 1, text);
      }
    }
    return best < 0 ? undefined : this.#groups(text, best, bestEnd);
  }

  /** What the groups cover when the whole covers [start, end). */
  #groups(text: string, start: number, end: number): Place | undefined {
    const { nodes, entry, groups } = this.#automaton;
    const none = new Array<number>(2 * groups + 2).fill(-1);
    none[0] = start;
    none[1] = end;
    if (groups === 0) return none;
    this.#purse.steps -= this.#listed.length;
    this.#begin();
    this.#reachNoting(entry, none, start, text);
    for (let at = start; at < end; at++) {
      if (this.#purse.steps <= 0) return undefined;
      const count = this.#turn();
      this.#purse.steps -= count + 1;
      const code = text.charCodeAt(at) & 255;
      for (let i = 0; i < count; i++) {
        const node = nodes[this.#nodes[i]!]!;
        if (node.kind === 'take' && node.set![code]) this.#reachNoting(node.next, this.#notes[i]!, at + 1, text);
      }
    }
    for (let i = 0; i < this.#count; i++)
      if (nodes[this.#next[i]!]!.kind === 'accept') return this.#nextNotes[i] as number[];
    return none;
  }

  #begin(): void {
    this.#listed.fill(-1);
    this.#count = 0;
  }

  /** What was reached is what goes on; gives how many. */
  #turn(): number {
    [this.#nodes, this.#next] = [this.#next, this.#nodes];
    [this.#starts, this.#nextStarts] = [this.#nextStarts, this.#starts];
    [this.#notes, this.#nextNotes] = [this.#nextNotes, this.#notes];
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  #reach(from: number, start: number, at: number, text: string): void {
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const node = this.#visit(index, at);
      if (node === undefined) continue;
      if (node.kind === 'free') open.push(node.other, node.next);
      else if (node.kind === 'take' || node.kind === 'accept') {
        this.#next[this.#count] = index;
        this.#nextStarts[this.#count++] = start;
      } else if (node.kind === 'note' || this.#holds(node.kind, text, at)) open.push(node.next);
    }
  }

  #reachNoting(from: number, notes: readonly number[], at: number, text: string): void {
    const open = [from];
    const noted = [notes];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const so = noted.pop()!;
      const node = this.#visit(index, at);
      if (node === undefined) continue;
      if (node.kind === 'free') {
        open.push(node.other, node.next);
        noted.push(so, so);
      } else if (node.kind === 'take' || node.kind === 'accept') {
        this.#next[this.#count] = index;
        this.#nextNotes[this.#count++] = so;
      } else if (node.kind === 'note') {
        open.push(node.next);
        noted.push(so.with(node.other, at));
        this.#purse.steps -= so.length;
      } else if (this.#holds(node.kind, text, at)) {
        open.push(node.next);
        noted.push(so);
      }
    }
  }

  /** undefined: it was met at this position before, or leads nowhere. */
  #visit(index: number, at: number) {
    this.#purse.steps--;
    if (index < 0 || this.#listed[index] === at) return undefined;
    this.#listed[index] = at;
    return this.#automaton.nodes[index]!;
  }

  #holds(kind: 'start' | 'end', text: string, at: number): boolean {
    if (at === (kind === 'start' ? 0 : text.length)) return true;
    if (!this.#automaton.lines) return false;
    const before = text.charCodeAt(at - 1);
    if (kind === 'start') return before === LF;
    const code = text.charCodeAt(at);
    return code === CR || (code === LF && before !== CR);
  }
}
