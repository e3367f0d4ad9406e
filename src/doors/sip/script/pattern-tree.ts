/**
 * A POSIX extended regular expression, read into a tree. Errors: PatternError, with the place in the pattern.
 * Source: POSIX.1-2017 Base Definitions 9.4.
 */

export interface PatternOptions {
  /** Upper and lower case differ. */
  readonly exact?: boolean;
  /** REG_NEWLINE: `.` and `[^...]` stop at a line end, `^` and `$` hold at each line. A line ends with LF or CRLF. */
  readonly lines?: boolean;
}

/** A pattern that cannot be read; `message` is lower case without a full stop. */
export class PatternError extends Error {
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

export type Tree =
  | { kind: 'set'; set: Uint8Array }
  | { kind: 'start' | 'end' }
  | { kind: 'sequence' | 'choice'; parts: Tree[] }
  | { kind: 'repeat'; part: Tree; least: number; most: number }
  /** In brackets, counted from 1 by the opening ones. */
  | { kind: 'group'; part: Tree; index: number };

const LF = 10;
const CR = 13;
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
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /[ \t\n\r\f\v]/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  print: /[ -~]/,
  graph: /[!-~]/,
  cntrl: /[\0-\x1f\x7f]/,
  xdigit: /[0-9A-Fa-f]/,
};

export class PatternReader {
  readonly #text: string;
  readonly #options: PatternOptions;
  #at = 0;
  #depth = 0;
  /** Brackets so far. */
  groups = 0;

  constructor(text: string, options: PatternOptions) {
    this.#text = text;
    this.#options = options;
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
        return { kind: 'set', set: this.#allBut(new Uint8Array(256)) };
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
        return { kind: 'set', set: this.#setOf(char) };
    }
  }

  #group(start: number): Tree {
    if (this.#text[this.#at] === '?') throw new PatternError(start, '`(?` belongs to Perl, not to POSIX');
    const index = ++this.groups;
    const part = this.#choice();
    if (this.#text[this.#at++] !== ')') throw new PatternError(start, 'a `(` without its `)`');
    return { kind: 'group', part, index };
  }

  #escaped(start: number): Tree {
    const char = this.#text[this.#at++];
    if (char === undefined) throw new PatternError(start, 'a `\\` at the end');
    if (/[A-Za-z0-9]/.test(char))
      throw new PatternError(start, `\`\\${char}\` belongs to Perl, not to POSIX; use [0-9], [[:alpha:]]`);
    return { kind: 'set', set: this.#setOf(char) };
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
    return negated ? this.#allBut(set) : set;
  }

  #addClass(set: Uint8Array, name: string): void {
    const members = CLASSES[name];
    if (!members) throw new PatternError(this.#at, `there is no class [:${name}:]`);
    for (let code = 0; code < 256; code++) if (members.test(String.fromCharCode(code))) this.#add(set, code);
  }

  #addRange(set: Uint8Array, start: number): void {
    const from = codeAt(this.#text, this.#at);
    let to = from;
    const dash =
      this.#text[this.#at + 1] === '-' && this.#text[this.#at + 2] !== ']' && this.#text[this.#at + 2] !== undefined;
    if (dash) to = codeAt(this.#text, this.#at + 2);
    if (to < from) throw new PatternError(start, 'a range that is upside down');
    for (let code = from; code <= to; code++) this.#add(set, code);
    this.#at += dash ? 3 : 1;
  }

  #allBut(set: Uint8Array): Uint8Array {
    const others = set.map((bit) => 1 - bit);
    if (this.#options.lines) others[LF] = others[CR] = 0;
    return others;
  }

  #setOf(char: string): Uint8Array {
    const set = new Uint8Array(256);
    this.#add(set, codeAt(char, 0));
    return set;
  }

  #add(set: Uint8Array, code: number): void {
    set[code] = 1;
    const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
    if (isLetter && !this.#options.exact) set[code ^ 32] = 1;
  }
}

function codeAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code > 255) throw new PatternError(index, 'a character outside of latin1');
  return code;
}
