/**
 * POSIX extended regular expressions that cannot be made slow: matched by a table that grows as texts need it, one look per
 * character, never backtracking. So no pattern has to be refused for what a hostile message could do with it.
 *
 * Case-insensitive and unanchored, as ser.cfg's `=~`; characters are bytes (latin1). Errors: PatternError, with the place in
 * the pattern. Source: POSIX.1-2017 Base Definitions 9.4; the set construction over Thompson's automaton.
 */

/** A pattern that cannot be read; `message` is lower case without a full stop. */
export class PatternError extends Error {
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

type Tree =
  | { kind: 'set'; set: Uint8Array }
  | { kind: 'start' | 'end' }
  | { kind: 'sequence' | 'choice'; parts: Tree[] }
  | { kind: 'repeat'; part: Tree; least: number; most: number };

const MOST_NODES = 4000;
const MOST_STATES = 128;
const DEEPEST = 50;
const QUANTIFIERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  '*': [0, Number.POSITIVE_INFINITY],
  '+': [1, Number.POSITIVE_INFINITY],
  '?': [0, 1],
};
const CLASSES: Readonly<Record<string, RegExp>> = {
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Za-z]/,
  lower: /[A-Za-z]/,
  space: /[ \t\n\r\f\v]/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  print: /[ -~]/,
  graph: /[!-~]/,
  cntrl: /[\0-\x1f\x7f]/,
  xdigit: /[0-9A-Fa-f]/,
};

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Tree {
    const tree = this.#choice();
    if (this.#at < this.#text.length) throw new PatternError(this.#at, 'a `)` without its `(`');
    return tree;
  }

  #choice(): Tree {
    if (++this.#depth > DEEPEST) throw new PatternError(this.#at, `groups nested more than ${DEEPEST} deep`);
    const parts = [this.#sequence()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      parts.push(this.#sequence());
    }
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(): Tree {
    const parts: Tree[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at]!)) parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): Tree {
    let part = this.#atom();
    for (;;) {
      const bounds = this.#bounds();
      if (!bounds) return part;
      part = { kind: 'repeat', part, least: bounds[0], most: bounds[1] };
    }
  }

  #bounds(): readonly [number, number] | undefined {
    const char = this.#text[this.#at] ?? '';
    const known = QUANTIFIERS[char];
    if (known) {
      this.#at++;
      return known;
    }
    if (char !== '{') return undefined;
    const found = /^\{([0-9]{1,3})(,([0-9]{0,3}))?\}/.exec(this.#text.slice(this.#at));
    if (!found) throw new PatternError(this.#at, 'a `{` that is no count such as {3} or {1,4}');
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] ? Number(found[3]) : Number.POSITIVE_INFINITY;
    if (most < least || Math.max(least, Number.isFinite(most) ? most : 0) > 255) {
      throw new PatternError(this.#at, 'a count that is too large or upside down');
    }
    this.#at += found[0].length;
    return [least, most];
  }

  #atom(): Tree {
    const start = this.#at;
    const char = this.#text[this.#at++]!;
    switch (char) {
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '.':
        return { kind: 'set', set: new Uint8Array(256).fill(1) };
      case '(':
        return this.#group(start);
      case '[':
        return { kind: 'set', set: this.#brackets(start) };
      case '\\':
        return this.#escaped(start);
      case '*':
      case '+':
      case '?':
      case '{':
        throw new PatternError(start, `a \`${char}\` that has nothing to repeat`);
      default:
        return { kind: 'set', set: setOf(char) };
    }
  }

  #group(start: number): Tree {
    if (this.#text[this.#at] === '?') throw new PatternError(start, '`(?` belongs to Perl, not to POSIX');
    const tree = this.#choice();
    if (this.#text[this.#at++] !== ')') throw new PatternError(start, 'a `(` without its `)`');
    return tree;
  }

  #escaped(start: number): Tree {
    const char = this.#text[this.#at++];
    if (char === undefined) throw new PatternError(start, 'a `\\` at the end');
    if (/[A-Za-z0-9]/.test(char))
      throw new PatternError(start, `\`\\${char}\` belongs to Perl, not to POSIX; use [0-9], [[:alpha:]]`);
    return { kind: 'set', set: setOf(char) };
  }

  #brackets(start: number): Uint8Array {
    const set = new Uint8Array(256);
    const negated = this.#text[this.#at] === '^';
    if (negated) this.#at++;
    for (let first = true; ; first = false) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new PatternError(start, 'a `[` without its `]`');
      if (char === ']' && !first) break;
      const named = /^\[:([a-z]+):\]/.exec(this.#text.slice(this.#at, this.#at + 12));
      if (named) {
        this.#addClass(set, named[1]!);
        this.#at += named[0].length;
      } else {
        this.#addRange(set, start);
      }
    }
    this.#at++;
    return negated ? set.map((bit) => 1 - bit) : set;
  }

  #addClass(set: Uint8Array, name: string): void {
    const members = CLASSES[name];
    if (!members) throw new PatternError(this.#at, `there is no class [:${name}:]`);
    for (let code = 0; code < 256; code++) if (members.test(String.fromCharCode(code))) set[code] = 1;
  }

  #addRange(set: Uint8Array, start: number): void {
    const from = codeAt(this.#text, this.#at);
    let to = from;
    const dash =
      this.#text[this.#at + 1] === '-' && this.#text[this.#at + 2] !== ']' && this.#text[this.#at + 2] !== undefined;
    if (dash) to = codeAt(this.#text, this.#at + 2);
    if (to < from) throw new PatternError(start, 'a range that is upside down');
    for (let code = from; code <= to; code++) addBothCases(set, code);
    this.#at += dash ? 3 : 1;
  }
}

function codeAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code > 255) throw new PatternError(index, 'a character outside of latin1');
  return code;
}

function setOf(char: string): Uint8Array {
  const set = new Uint8Array(256);
  addBothCases(set, codeAt(char, 0));
  return set;
}

function addBothCases(set: Uint8Array, code: number): void {
  set[code] = 1;
  if ((code >= 65 && code <= 90) || (code >= 97 && code <= 122)) set[code ^ 32] = 1;
}

/** A node of the automaton: takes a character of `set`, or goes on freely (to both ways), or asserts an end of the text. */
interface Node {
  readonly kind: 'take' | 'free' | 'start' | 'end' | 'accept';
  readonly set: Uint8Array | undefined;
  next: number;
  other: number;
}

interface State {
  /** Nodes that take a character, wait for the end, or accept. */
  readonly nodes: readonly number[];
  readonly accepts: boolean;
  /** Accepts if the text ends here. */
  readonly acceptsAtEnd: boolean;
  /** Index of the next state for each character; -1 = not known yet. */
  readonly moves: Int16Array;
}

export class Pattern {
  readonly #nodes: Node[] = [];
  readonly #entry: number;
  #states: State[] = [];
  readonly #byKey = new Map<string, number>();

  constructor(text: string) {
    const accept = this.#node('accept');
    this.#entry = this.#build(new Reader(text).whole(), accept);
    this.#reset();
  }

  /** Does the pattern occur anywhere in the text? */
  test(text: string): boolean {
    let state = this.#states[0]!;
    for (let i = 0; i < text.length; i++) {
      if (state.accepts) return true;
      const code = text.charCodeAt(i) & 255;
      const next = state.moves[code]!;
      state = next >= 0 ? this.#states[next]! : this.#grow(state, code);
    }
    return state.accepts || state.acceptsAtEnd;
  }

  #node(kind: Node['kind'], next = -1, other = -1, set?: Uint8Array): number {
    if (this.#nodes.length >= MOST_NODES) throw new PatternError(0, 'the pattern is too large: its counts multiply');
    return this.#nodes.push({ kind, set, next, other }) - 1;
  }

  /** Nodes for the tree, leading to `next`; gives the first. */
  #build(tree: Tree, next: number): number {
    switch (tree.kind) {
      case 'set':
        return this.#node('take', next, -1, tree.set);
      case 'start':
      case 'end':
        return this.#node(tree.kind, next);
      case 'sequence':
        return tree.parts.reduceRight((after, part) => this.#build(part, after), next);
      case 'choice':
        return tree.parts.map((part) => this.#build(part, next)).reduce((a, b) => this.#node('free', a, b));
      case 'repeat':
        return this.#buildRepeat(tree.part, tree.least, tree.most, next);
    }
  }

  #buildRepeat(part: Tree, least: number, most: number, next: number): number {
    let entry = next;
    if (most === Number.POSITIVE_INFINITY) {
      entry = this.#node('free', -1, next);
      this.#nodes[entry]!.next = this.#build(part, entry);
    } else {
      for (let i = least; i < most; i++) entry = this.#node('free', this.#build(part, entry), next);
    }
    for (let i = 0; i < least; i++) entry = this.#build(part, entry);
    return entry;
  }

  #reset(): void {
    this.#states = [];
    this.#byKey.clear();
    this.#state(this.#closure([this.#entry], true, false));
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
      else if (node.kind === 'start') atStart && open.push(node.next);
      else if (node.kind === 'end' && atEnd) open.push(node.next);
      else reached.push(index);
    }
    return reached.sort((a, b) => a - b);
  }

  #state(nodes: readonly number[]): number {
    // `^` behind `$` holds only in an empty text: the state before the first character is like no other.
    const first = this.#states.length === 0;
    const key = first ? 'first' : nodes.join();
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const accepting = (list: readonly number[]) => list.some((index) => this.#nodes[index]!.kind === 'accept');
    const acceptsAtEnd = accepting(this.#closure(nodes, first, true));
    const state = { nodes, accepts: accepting(nodes), acceptsAtEnd, moves: new Int16Array(256).fill(-1) };
    this.#byKey.set(key, this.#states.length);
    return this.#states.push(state) - 1;
  }

  #grow(state: State, code: number): State {
    const after = [this.#entry];
    for (const index of state.nodes) {
      const node = this.#nodes[index]!;
      if (node.kind === 'take' && node.set![code]) after.push(node.next);
    }
    const nodes = this.#closure(after, false, false);
    // A full table is begun anew: a hostile text may make it grow, never without bound.
    if (this.#states.length >= MOST_STATES) {
      this.#reset();
      return this.#states[this.#state(nodes)]!;
    }
    const next = this.#state(nodes);
    state.moves[code] = next;
    return this.#states[next]!;
  }
}
