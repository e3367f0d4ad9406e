/** Where the parser stands in the tokens, and how it finds its way again after a fault. */
import type { Explanation, Problems, Span } from './diagnostics.ts';
import type { ScriptErrorCode } from './errors.ts';
import type { Token, TokenKind } from './lexer.ts';

/** Thrown after a fault was reported. */
const FAULT = Symbol('fault in the script');

/** Deeper nesting is refused; it keeps hostile files from exhausting the stack. */
const DEEPEST = 300;

export class Cursor {
  readonly problems: Problems;
  readonly #tokens: readonly Token[];
  /** Of the first token of each line, once one is asked for. */
  readonly #columns = new Map<number, number>();
  #index = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], problems: Problems) {
    this.#tokens = tokens;
    this.problems = problems;
  }

  get position(): number {
    return this.#index;
  }

  get token(): Token {
    return this.#tokens[this.#index]!;
  }

  get previous(): Token {
    return this.#tokens[Math.max(0, this.#index - 1)]!;
  }

  peek(): Token {
    return this.#tokens[Math.min(this.#index + 1, this.#tokens.length - 1)]!;
  }

  /** Gives the current token and goes to the next; stays on the last one. */
  advance(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.#index++;
    return token;
  }

  /** Is the current token this operator or word (not a string that reads so)? */
  at(text: string): boolean {
    const { token } = this;
    return token.text === text && (token.kind === 'operator' || token.kind === 'identifier');
  }

  take(text: string): boolean {
    if (!this.at(text)) return false;
    this.advance();
    return true;
  }

  takeKind(kind: TokenKind): boolean {
    if (this.token.kind !== kind) return false;
    this.advance();
    return true;
  }

  expect(text: string, form: string): Token {
    if (this.at(text)) return this.advance();
    return this.fail('SCRIPT_SYNTAX', this.token, `\`${text}\` is expected before ${this.describe(this.token)}`, {
      cure: `the form is: ${form}`,
    });
  }

  expectKind(kind: TokenKind, what: string, form: string): Token {
    if (this.token.kind === kind) return this.advance();
    return this.fail('SCRIPT_SYNTAX', this.token, `${what} is expected before ${this.describe(this.token)}`, {
      cure: `the form is: ${form}`,
    });
  }

  fail(code: ScriptErrorCode, at: Span, message: string, explanation?: Explanation): never {
    this.problems.error(code, at, message, explanation);
    throw FAULT;
  }

  /** Runs a reader; after a fault, which was reported, runs the recovery. */
  guard(read: () => void, recover: () => void): undefined {
    try {
      read();
    } catch (fault) {
      if (fault !== FAULT) throw fault;
      recover();
    }
  }

  nested<T>(read: () => T): T {
    if (this.#depth >= DEEPEST) {
      this.fail('SCRIPT_SYNTAX', this.token, `blocks and brackets are nested more than ${DEEPEST} deep`, {
        cure: 'put inner parts into route blocks of their own',
      });
    }
    this.#depth++;
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }

  describe(token: Token): string {
    return token.kind === 'end' ? 'the end of the file' : `\`${this.source(token)}\``;
  }

  /** The token as one would write it. */
  source(token: Token): string {
    return token.kind === 'string' ? `"${token.text}"` : token.text;
  }

  /** Column of the first token in this token's line. */
  indentation({ line }: Token): number {
    if (this.#columns.size === 0) {
      for (const token of this.#tokens) if (!this.#columns.has(token.line)) this.#columns.set(token.line, token.column);
    }
    return this.#columns.get(line)!;
  }

  skipLine(line: number): void {
    if (this.token.line === line) while (this.token.kind !== 'end' && this.token.line === line) this.advance();
  }

  skipPast(text: string): void {
    while (this.token.kind !== 'end' && !this.take(text)) this.advance();
  }

  /** Behind the statement's `;` or block, or before the brace that ends the statements around it. */
  skipStatement(outside: () => boolean): void {
    let depth = 0;
    while (this.token.kind !== 'end' && !(depth === 0 && this.at('}')) && !outside()) {
      const token = this.advance();
      if (token.kind !== 'operator') continue;
      if (token.text === '{') depth++;
      if (token.text === '}' && --depth === 0 && !this.at('else')) return;
      if (token.text === ';' && depth === 0) return;
    }
  }

  /** To the `{` behind a condition that could not be read. */
  skipToBody(): void {
    while (this.token.kind !== 'end' && !this.at('{') && !this.at('}') && !this.at(';')) this.advance();
  }
}
