/**
 * POSIX extended regular expressions that cannot be made slow: all ways are followed at once, none is gone back, and a table that
 * grows as texts need it remembers them, so that most characters cost one look. A text for which the table has no room is
 * walked without it, at a cost that is bounded, too. So no pattern has to be refused for what a hostile message could do with it.
 *
 * Unanchored and, unless told otherwise, case-insensitive, as ser.cfg's `=~`; characters are bytes (latin1). Errors: PatternError.
 * Source: POSIX.1-2017 Base Definitions 9.4.
 */
import { AT_END, AT_START, PatternSets } from './pattern-sets.ts';
import type { PatternOptions } from './pattern-tree.ts';

export { PatternError } from './pattern-tree.ts';

const MOST_STATES = 128;
const LF = 10;
const CR = 13;

/** Moves that lead to no state. */
const UNKNOWN = -1;
const FULFILLED = -2;
const HOPELESS = -3;

/** What stands before: nothing or, where lines count, a LF, so that `^` holds; or a CR, behind which a LF ends no line more. */
type Behind = 'start' | 'cr' | 'other';

interface State {
  readonly taken: Int32Array;
  readonly behind: Behind;
  /** If the text ends here. */
  readonly isFulfilled: boolean;
  /** For each character the index of the next state. */
  readonly moves: Int16Array;
}

export class Pattern {
  readonly #sets: PatternSets;
  readonly #lines: boolean;
  readonly #anchored: boolean;
  #states: State[] = [];
  readonly #byKey = new Map<string, number>();

  constructor(text: string, options: PatternOptions = {}) {
    this.#sets = new PatternSets(text, options);
    this.#lines = options.lines === true;
    this.#anchored = !this.#lines && this.#sets.anchored;
    this.#begin();
  }

  /** Does the pattern occur anywhere in the text? */
  test(text: string): boolean {
    let state = this.#states[0]!;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i) & 255;
      let next = state.moves[code]!;
      if (next === UNKNOWN) {
        if (this.#states.length >= MOST_STATES) return this.#walk(text, i, state);
        next = this.#grow(state, code);
        state.moves[code] = next;
      }
      if (next < 0) return next === FULFILLED;
      state = this.#states[next]!;
    }
    return state.isFulfilled;
  }

  #begin(): void {
    this.#states = [];
    this.#byKey.clear();
    this.#state(new Int32Array(this.#sets.words), 'start');
  }

  #state(taken: Int32Array, behind: Behind): number {
    const key = `${behind} ${taken.join()}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const isFulfilled = this.#sets.isFulfilled(taken, AT_END | startsAt(behind));
    this.#byKey.set(key, this.#states.length);
    return this.#states.push({ taken, behind, isFulfilled, moves: new Int16Array(256).fill(UNKNOWN) }) - 1;
  }

  #grow({ taken, behind }: State, code: number): number {
    const context = this.#context(behind, code);
    if (this.#sets.isFulfilled(taken, context)) return FULFILLED;
    const next = new Int32Array(this.#sets.words);
    this.#sets.step(taken, next, code, context);
    return this.#anchored && next.every((word) => word === 0) ? HOPELESS : this.#state(next, this.#behind(code));
  }

  /** The rest of a text for which the table has no room; the next text finds it empty, for this one may have been made to fill it. */
  #walk(text: string, from: number, state: State): boolean {
    let { behind } = state;
    let taken = state.taken.slice();
    let next = new Int32Array(this.#sets.words);
    this.#begin();
    for (let i = from; i < text.length; i++) {
      const code = text.charCodeAt(i) & 255;
      const context = this.#context(behind, code);
      if (this.#sets.isFulfilled(taken, context)) return true;
      this.#sets.step(taken, next, code, context);
      [taken, next] = [next, taken];
      behind = this.#behind(code);
    }
    return this.#sets.isFulfilled(taken, AT_END | startsAt(behind));
  }

  /** What holds before the character `code`. */
  #context(behind: Behind, code: number): number {
    const endsLine = this.#lines && (code === CR || (code === LF && behind !== 'cr'));
    return startsAt(behind) | (endsLine ? AT_END : 0);
  }

  #behind(code: number): Behind {
    if (!this.#lines) return 'other';
    return code === LF ? 'start' : code === CR ? 'cr' : 'other';
  }
}

function startsAt(behind: Behind): number {
  return behind === 'start' ? AT_START : 0;
}
