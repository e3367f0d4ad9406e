/**
 * POSIX extended regular expressions that cannot be made slow: matched by a table that grows as texts need it, one look per
 * character, never backtracking. So no pattern has to be refused for what a hostile message could do with it.
 *
 * Unanchored and, unless told otherwise, case-insensitive, as ser.cfg's `=~`; characters are bytes (latin1). Errors: PatternError.
 * Source: POSIX.1-2017 Base Definitions 9.4; the set construction over Thompson's automaton.
 */
import { Automaton, type Node } from './pattern-automaton.ts';
import type { PatternOptions } from './pattern-tree.ts';

export { PatternError } from './pattern-tree.ts';

const MOST_STATES = 128;
const LF = 10;
const CR = 13;

interface State {
  /** Nodes that take a character, wait for the end, or accept. */
  readonly nodes: readonly number[];
  /** What stands before: nothing or, where lines count, a LF, so that `^` holds; or a CR, behind which `$` holds no more. */
  readonly behind: 'start' | 'cr' | 'other';
  readonly accepts: boolean;
  /** Accepts if the text ends here. */
  readonly acceptsAtEnd: boolean;
  /** Index of the next state for each character; -1 = not known yet. */
  readonly moves: Int16Array;
}

export class Pattern {
  readonly #nodes: readonly Node[];
  readonly #entry: number;
  readonly #lines: boolean;
  #states: State[] = [];
  readonly #byKey = new Map<string, number>();

  constructor(text: string, options: PatternOptions = {}) {
    const { nodes, entry, lines } = new Automaton(text, options);
    this.#nodes = nodes;
    this.#entry = entry;
    this.#lines = lines;
    this.#reset();
  }

  /** Does the pattern occur anywhere in the text? */
  test(text: string): boolean {
    let state = this.#states[0]!;
    for (let i = 0; i < text.length; i++) {
      if (state.accepts) return true;
      const code = text.charCodeAt(i) & 255;
      if (state.acceptsAtEnd && this.#endsLine(state, code)) return true;
      const next = state.moves[code]!;
      state = next >= 0 ? this.#states[next]! : this.#grow(state, code);
    }
    return state.accepts || state.acceptsAtEnd;
  }

  #reset(): void {
    this.#states = [];
    this.#byKey.clear();
    this.#state(this.#closure([this.#entry], true, false), 'start');
  }

  /** All nodes reached without taking a character. */
  #closure(from: readonly number[], atStart: boolean, atEnd: boolean): number[] {
    const seen = new Uint8Array(this.#nodes.length);
    const open = [...from];
    const reached: number[] = [];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (index < 0 || seen[index]) continue;
      seen[index] = 1;
      const node = this.#nodes[index]!;
      if (node.kind === 'free') open.push(node.next, node.other);
      else if (node.kind === 'note') open.push(node.next);
      else if (node.kind === 'start') atStart && open.push(node.next);
      else if (node.kind === 'end' && atEnd) open.push(node.next);
      else reached.push(index);
    }
    return reached.sort((a, b) => a - b);
  }

  #endsLine(state: State, code: number): boolean {
    return this.#lines && (code === CR || (code === LF && state.behind !== 'cr'));
  }

  #state(nodes: readonly number[], behind: State['behind']): number {
    const key = `${behind} ${nodes.join()}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const accepting = (list: readonly number[]) => list.some((index) => this.#nodes[index]!.kind === 'accept');
    const acceptsAtEnd = accepting(this.#closure(nodes, behind === 'start', true));
    const state = { nodes, behind, accepts: accepting(nodes), acceptsAtEnd, moves: new Int16Array(256).fill(-1) };
    this.#byKey.set(key, this.#states.length);
    return this.#states.push(state) - 1;
  }

  #grow(state: State, code: number): State {
    const behind = !this.#lines ? 'other' : code === LF ? 'start' : code === CR ? 'cr' : 'other';
    const after = [this.#entry];
    const atStart = state.behind === 'start';
    for (const index of this.#endsLine(state, code) ? this.#closure(state.nodes, atStart, true) : state.nodes) {
      const node = this.#nodes[index]!;
      if (node.kind === 'take' && node.set![code]) after.push(node.next);
    }
    const nodes = this.#closure(after, behind === 'start', false);
    // A full table is begun anew: a hostile text may make it grow, never without bound.
    if (this.#states.length >= MOST_STATES) {
      this.#reset();
      return this.#states[this.#state(nodes, behind)]!;
    }
    const next = this.#state(nodes, behind);
    state.moves[code] = next;
    return this.#states[next]!;
  }
}
