/** A pattern's tree as an automaton (Thompson's construction), which pattern-sets.ts and pattern-places.ts run. */
import { PatternError, type PatternOptions, PatternReader, type Tree } from './pattern-tree.ts';

const MOST_NODES = 4000;
/** Groups that are noted: replacements name \1 to \9. */
const MOST_GROUPS = 9;

/** Takes a character of `set`, goes on freely (to both ways), asserts an end of the text, or notes where a group begins or ends. */
export interface Node {
  readonly kind: 'take' | 'free' | 'start' | 'end' | 'note' | 'accept';
  readonly set: Uint8Array | undefined;
  next: number;
  /** free: the way that comes second. note: twice the group, and 1 more at its end. */
  other: number;
}

export class Automaton {
  readonly nodes: Node[] = [];
  readonly entry: number;
  /** That are noted, at most 9. */
  readonly groups: number;
  /** `^` and `$` hold at each line. */
  readonly lines: boolean;

  constructor(text: string, options: PatternOptions) {
    const reader = new PatternReader(text, options);
    const tree = reader.whole();
    this.lines = options.lines === true;
    this.groups = Math.min(reader.groups, MOST_GROUPS);
    this.entry = this.#build(tree, this.#node('accept'));
  }

  #node(kind: Node['kind'], next = -1, other = -1, set?: Uint8Array): number {
    if (this.nodes.length >= MOST_NODES) throw new PatternError(0, 'the pattern is too large: its counts multiply');
    return this.nodes.push({ kind, set, next, other }) - 1;
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
      case 'group': {
        if (tree.index > MOST_GROUPS) return this.#build(tree.part, next);
        const end = this.#node('note', next, tree.index * 2 + 1);
        return this.#node('note', this.#build(tree.part, end), tree.index * 2);
      }
    }
  }

  #buildRepeat(part: Tree, least: number, most: number, next: number): number {
    let entry = next;
    if (most === Number.POSITIVE_INFINITY) {
      entry = this.#node('free', -1, next);
      this.nodes[entry]!.next = this.#build(part, entry);
    } else {
      for (let i = least; i < most; i++) entry = this.#node('free', this.#build(part, entry), next);
    }
    for (let i = 0; i < least; i++) entry = this.#build(part, entry);
    return entry;
  }
}
