/**
 * A POSIX extended regular expression, read into a tree. Errors: PatternError, with the place in the pattern.
 * Source: POSIX.1-2017 Base Definitions 9.3.5 (brackets) and 9.4; `{,n}`, empty alternatives, `\w` and `\s` as glibc has them.
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
/** Of `[:alpha:]` and `[.right-square-bracket.]`, brackets included. */
const LONGEST_NAME = 32;
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

/** Names of the portable character set that stand between `[.` and `.]` where the character itself would be misread. */
const ELEMENTS: Readonly<Record<string, string>> = {
  hyphen: '-',
  'hyphen-minus': '-',
  period: '.',
  'full-stop': '.',
  slash: '/',
  solidus: '/',
  space: ' ',
  underscore: '_',
  'left-square-bracket': '[',
  'right-square-bracket': ']',
  circumflex: '^',
  backslash: '\\',
};

/** Sets that the GNU library writes `\w` and `\s`, and in capitals what is not in them. */
const GNU_SETS: Readonly<Record<string, RegExp>> = { w: /[A-Za-z0-9_]/, s: CLASSES.space! };

/** What else the GNU library puts behind a `\`, and what to write instead; it would be a hole to take them for the characters. */
const GNU_PLACES: Readonly<Record<string, string>> = {
  '<': 'the start of a word',
  '>': 'the end of a word',
  '`': 'the start of the text; use ^',
  "'": 'the end of the text; use $',
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
    const found = /^\{([0-9]{1,3}|(?=,[0-9]))(,([0-9]{0,3}))?\}/.exec(this.#text.slice(this.#at));
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
    const members = GNU_SETS[char.toLowerCase()];
    if (members) {
      const set = new Uint8Array(256).map((_, code) => (members.test(String.fromCharCode(code)) ? 1 : 0));
      return { kind: 'set', set: /[A-Z]/.test(char) ? this.#allBut(set) : set };
    }
    if (Object.hasOwn(GNU_PLACES, char))
      throw new PatternError(
        start,
        `\`\\${char}\` is ${GNU_PLACES[char]}, which is not in POSIX; for the character write [${char}]`,
      );
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
      const named = /^\[([:=])(.[^:=\]]*)\1\]/.exec(this.#text.slice(this.#at, this.#at + LONGEST_NAME));
      if (named?.[1] === ':') this.#addClass(set, named[2]!);
      else if (named) this.#add(set, this.#element(named[2]!));
      else this.#addRange(set, start);
      this.#at += named?.[0].length ?? 0;
    }
    this.#at++;
    return negated ? this.#allBut(set) : set;
  }

  #addClass(set: Uint8Array, name: string): void {
    const members = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
    if (!members) throw new PatternError(this.#at, `there is no class [:${name}:]`);
    for (let code = 0; code < 256; code++) if (members.test(String.fromCharCode(code))) this.#add(set, code);
  }

  #addRange(set: Uint8Array, start: number): void {
    const from = this.#member();
    let to = from;
    const behind = this.#text[this.#at + 1];
    if (this.#text[this.#at] === '-' && behind !== ']' && behind !== undefined) {
      this.#at++;
      to = this.#member();
    }
    if (to < from) throw new PatternError(start, 'a range that is upside down');
    for (let code = from; code <= to; code++) this.#add(set, code);
  }

  /** A character, or one between `[.` and `.]`. */
  #member(): number {
    const symbol = /^\[\.(.[^.\]]*)\.\]/.exec(this.#text.slice(this.#at, this.#at + LONGEST_NAME));
    const code = symbol ? this.#element(symbol[1]!) : codeAt(this.#text, this.#at);
    this.#at += symbol?.[0].length ?? 1;
    return code;
  }

  #element(name: string): number {
    const char = Object.hasOwn(ELEMENTS, name) ? ELEMENTS[name]! : name;
    if (char.length !== 1) throw new PatternError(this.#at, `there is no character of the name \`${name}\``);
    return codeAt(char, 0);
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
