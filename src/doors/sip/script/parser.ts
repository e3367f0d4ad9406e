/**
 * Reads the tokens of a ser.cfg into a tree by recursive descent. A faulty statement gives one error, and reading goes on
 * behind it, so that all faults of a file are told at once.
 *
 * Errors: SCRIPT_SYNTAX, SCRIPT_MISPRINT (a page break that closed a route too early).
 * Source: the grammar of SER 0.9.7 and OpenSER 1.3; `&` and `|` are and/or in the former, arithmetic in the latter.
 */
import type { Explanation, Problems, Span } from './diagnostics.ts';
import type { DialectName } from './dialect.ts';
import type { ScriptErrorCode } from './errors.ts';
import type { Token } from './lexer.ts';
import { ExpressionReader } from './parse-expression.ts';
import { Cursor, FAULT } from './parse-tokens.ts';
import type {
  Argument,
  Assignment,
  Expression,
  LeaveWord,
  LoadModule,
  ModParam,
  RouteBlock,
  ScriptTree,
  Statement,
} from './syntax.ts';

const BLOCK_WORD = /^(?:request_)?route$|^[a-z]+_route$/;
const LEAVE_WORDS: readonly string[] = ['break', 'drop', 'exit', 'return'] satisfies LeaveWord[];

export function parseScript(tokens: readonly Token[], dialect: DialectName, problems: Problems): ScriptTree {
  return new Parser(new Cursor(tokens, problems), dialect).file();
}

class Parser {
  readonly #cursor: Cursor;
  readonly #expressions: ExpressionReader;
  readonly #assignments: Assignment[] = [];
  readonly #loads: LoadModule[] = [];
  readonly #params: ModParam[] = [];
  readonly #blocks: RouteBlock[] = [];
  /** The brace that closed the last route block, and that block's statements. */
  #closed: { brace: Token; body: Statement[] } | undefined;
  /** The first block of this route whose `}` does not stand under its beginning: the likely place of a missing one. */
  #suspect: Token | undefined;
  #unclosed = false;

  constructor(cursor: Cursor, dialect: DialectName) {
    this.#cursor = cursor;
    this.#expressions = new ExpressionReader(cursor, dialect);
  }

  file(): ScriptTree {
    const cursor = this.#cursor;
    while (cursor.token.kind !== 'end') {
      const { line } = cursor.token;
      this.#guard(
        () => this.#topLevel(),
        () => cursor.skipLine(line),
      );
    }
    return { assignments: this.#assignments, loads: this.#loads, params: this.#params, blocks: this.#blocks };
  }

  /** Runs a reader; after a fault, which was reported, runs the recovery. */
  #guard(read: () => void, recover: () => void): undefined {
    try {
      read();
    } catch (fault) {
      if (fault !== FAULT) throw fault;
      recover();
    }
  }

  #fail(code: ScriptErrorCode, at: Span, message: string, explanation?: Explanation): never {
    return this.#cursor.fail(code, at, message, explanation);
  }

  #topLevel(): undefined {
    const cursor = this.#cursor;
    const { token } = cursor;
    if (cursor.take(';') || cursor.takeKind('kamailio')) return;
    if (token.text === 'loadmodule') return this.#loadModule();
    if (token.text === 'modparam') return this.#modParam();
    if (this.#atBlock()) return this.#block();
    if (token.kind === 'identifier' && cursor.peek().text === '=') return this.#assignment();
    if (token.text === '}') {
      cursor.advance();
      return this.#cursor.problems.error('SCRIPT_SYNTAX', token, 'this } closes nothing', {
        cause: 'all blocks are closed already',
        cure: 'remove it, or look for a { that is missing above',
      });
    }
    if (token.kind === 'identifier' && !['(', '=', '!'].includes(cursor.peek().text) && token.text !== 'if') {
      if (cursor.peek().line === token.line && ['number', 'string', 'address'].includes(cursor.peek().kind)) {
        this.#fail('SCRIPT_SYNTAX', cursor.peek(), `\`=\` is missing behind \`${token.text}\``, {
          cure: `write ${token.text}=${cursor.source(cursor.peek())}`,
        });
      }
    }
    this.#strayStatements();
  }

  #atBlock(): boolean {
    const { token } = this.#cursor;
    const next = this.#cursor.peek();
    return token.kind === 'identifier' && BLOCK_WORD.test(token.text) && (next.text === '[' || next.text === '{');
  }

  #loadModule(): undefined {
    const at = this.#cursor.advance();
    const path = this.#cursor.expectKind(
      'string',
      'the path of the module in quotes',
      'loadmodule "/usr/local/lib/ser/modules/tm.so"',
    );
    this.#loads.push({ at, path: path.text });
  }

  #modParam(): undefined {
    const cursor = this.#cursor;
    const at = cursor.advance();
    const form = 'modparam("module", "parameter", value)';
    cursor.expect('(', form);
    const pattern = this.#literal('string', form);
    cursor.expect(',', form);
    const name = this.#literal('string', form);
    cursor.expect(',', form);
    const value = this.#literal('any', form);
    cursor.expect(')', form);
    this.#params.push({ at, pattern, name, value });
  }

  #literal(want: 'string' | 'any', form: string): Argument {
    const cursor = this.#cursor;
    const { token } = cursor;
    const argument = this.#expressions.argument();
    if (argument.kind === 'string' || (want === 'any' && argument.kind === 'number')) return argument;
    return this.#fail(
      'SCRIPT_SYNTAX',
      token,
      `${want === 'any' ? 'a string or number' : 'a string'} is expected here`,
      {
        cause: 'strings stand in quotes',
        cure: `write ${form}`,
      },
    );
  }

  #assignment(): undefined {
    const cursor = this.#cursor;
    const name = cursor.advance();
    const equals = cursor.advance();
    const values: Argument[] = [];
    do {
      const { token } = cursor;
      if (token.kind === 'end' || (token.line > equals.line && values.length === 0 && cursor.peek().text === '=')) {
        this.#fail('SCRIPT_SYNTAX', equals, `\`${name.text}\` has no value`, { cure: `write ${name.text}=value` });
      }
      values.push(this.#expressions.argument('host'));
    } while (this.#anotherValue());
    this.#assignments.push({ at: name, name: name.text, values });
  }

  /** `listen` and `alias` take several values, blanks between them. */
  #anotherValue(): boolean {
    const { token } = this.#cursor;
    if (token.kind === 'end' || token.kind === 'kamailio' || this.#atBlock()) return false;
    if (token.kind === 'identifier') {
      return !['loadmodule', 'modparam', 'if'].includes(token.text) && !['=', '('].includes(this.#cursor.peek().text);
    }
    return ['number', 'string', 'address'].includes(token.kind) || token.text === '[';
  }

  #block(): undefined {
    const cursor = this.#cursor;
    const type = cursor.advance();
    let id: number | string = 0;
    if (cursor.take('[')) {
      const token = cursor.advance();
      id = token.kind === 'number' ? token.value : token.text;
      while (cursor.token.text === ':' || cursor.token.text === '-')
        id += cursor.advance().text + cursor.advance().text;
      cursor.expect(']', `${type.text}[1] { ... }`);
    }
    const open = cursor.expect('{', `${type.text} { ... }`);
    this.#suspect = undefined;
    this.#unclosed = false;
    const body = this.#statements();
    this.#blocks.push({ at: type, type: type.text, id, body });
    this.#close(open, type.text);
    this.#closed = { brace: cursor.previous, body };
  }

  /** Statements up to the brace that closes them, or up to something that can only stand outside. */
  #statements(): Statement[] {
    const cursor = this.#cursor;
    const body: Statement[] = [];
    while (cursor.token.kind !== 'end' && cursor.token.text !== '}' && !this.#atOuterWord()) {
      this.#guard(
        () => this.#statement(body),
        () => cursor.skipStatement(() => this.#atOuterWord()),
      );
    }
    return body;
  }

  #atOuterWord(): boolean {
    const { token } = this.#cursor;
    return (
      this.#atBlock() || (token.kind === 'identifier' && (token.text === 'loadmodule' || token.text === 'modparam'))
    );
  }

  #close(open: Token, what: string): undefined {
    const cursor = this.#cursor;
    const { token } = cursor;
    if (cursor.take('}')) {
      if (token.line > open.line && token.column !== cursor.indentation(open)) this.#suspect ??= open;
      return;
    }
    if (this.#unclosed) return;
    this.#unclosed = true;
    const at = this.#suspect ?? open;
    const where = token.kind === 'end' ? 'the end of the file' : `\`${token.text}\` in line ${token.line}`;
    cursor.problems.error('SCRIPT_SYNTAX', at, `a } is missing for this { or one inside it`, {
      cause: `the ${what} block is still open at ${where}`,
      cure: 'add } where the block shall end',
    });
  }

  #statement(body: Statement[]): undefined {
    const cursor = this.#cursor;
    const { token } = cursor;
    if (cursor.take(';')) return;
    if (token.kind === 'variable') return this.#assign(body);
    if (token.text === '{') {
      const open = cursor.advance();
      body.push({ kind: 'block', at: open, body: cursor.nested(() => this.#statements()) });
      return this.#close(open, '{');
    }
    if (token.kind !== 'identifier') this.#unexpected(token);
    switch (token.text) {
      case 'if':
        return this.#if(body);
      case 'while':
        return this.#while(body);
      case 'switch':
        return this.#switch(body);
      case 'else':
        return this.#fail('SCRIPT_SYNTAX', token, 'this else has no if', {
          cause: 'a `;` stands between the if and its else, or the if is missing',
          cure: 'write } else { without a `;` before else',
        });
    }
    if (LEAVE_WORDS.includes(token.text)) return this.#leave(body);
    if (cursor.peek().text === '=') {
      this.#fail('SCRIPT_SYNTAX', token, `a setting such as \`${token.text}\` cannot stand within a route`, {
        cure: 'move it to the top of the file',
      });
    }
    if (cursor.peek().text !== '(') this.#notACall(token);
    body.push(this.#expressions.call());
    this.#semicolon();
  }

  #notACall(token: Token): never {
    return this.#fail('SCRIPT_SYNTAX', token, `\`${token.text}\` is no statement`, {
      cause: 'a statement is a function with its brackets, if, break or a block',
      cure: `write ${token.text}(); if a function of that name is meant`,
    });
  }

  #unexpected(token: Token): never {
    return this.#fail('SCRIPT_SYNTAX', token, `${this.#cursor.describe(token)} cannot begin a statement`, {
      cause: 'a statement is a function with its brackets, if, break or a block',
      cure: 'remove it or complete the statement',
    });
  }

  /** A missing `;` is told and taken as written, so that the next statement is read as one. */
  #semicolon(): undefined {
    const cursor = this.#cursor;
    if (cursor.take(';')) return;
    const { previous, token } = cursor;
    const at = {
      ...previous,
      offset: previous.offset + previous.length,
      column: previous.column + previous.length,
      length: 1,
    };
    const fresh =
      token.line > previous.line || token.kind === 'identifier' || token.text === '}' || token.kind === 'end';
    const explanation = { cause: 'each statement ends with a semicolon', cure: 'add ; here' };
    if (!fresh) this.#fail('SCRIPT_SYNTAX', token, `\`;\` is expected before ${cursor.describe(token)}`, explanation);
    cursor.problems.error('SCRIPT_SYNTAX', at, '`;` is missing at the end of the statement', explanation);
  }

  #if(body: Statement[]): undefined {
    const cursor = this.#cursor;
    const at = cursor.advance();
    const condition = this.#condition();
    const then = this.#branch();
    let otherwise: Statement[] | undefined;
    if (cursor.take('else')) otherwise = this.#branch();
    body.push({ kind: 'if', at, condition, then, otherwise });
  }

  /** A faulty condition does not keep the block behind it from being read. */
  #condition(): Expression | undefined {
    let condition: Expression | undefined;
    this.#guard(
      () => {
        condition = this.#expressions.condition();
      },
      () => this.#cursor.skipToBody(),
    );
    return condition;
  }

  /** One statement or a block. */
  #branch(): Statement[] {
    const cursor = this.#cursor;
    if (cursor.token.text === '{') {
      const open = cursor.advance();
      const body = cursor.nested(() => this.#statements());
      this.#close(open, 'if');
      return body;
    }
    const body: Statement[] = [];
    if (cursor.token.text === '}' || cursor.token.kind === 'end') this.#unexpected(cursor.token);
    cursor.nested(() => this.#statement(body));
    return body;
  }

  #leave(body: Statement[]): undefined {
    const cursor = this.#cursor;
    const at = cursor.advance();
    let value: number | undefined;
    if (cursor.take('(')) {
      if (cursor.token.text !== ')') {
        const argument = this.#expressions.argument();
        if (argument.kind !== 'number')
          this.#fail('SCRIPT_SYNTAX', argument.at, `${at.text} takes a number`, { cure: `write ${at.text}(1);` });
        value = argument.value;
      }
      cursor.expect(')', `${at.text}(1);`);
    } else if (cursor.token.kind === 'number' && at.text === 'return') {
      value = cursor.advance().value;
    }
    body.push({ kind: 'leave', at, word: at.text as LeaveWord, value });
    this.#semicolon();
  }

  #while(body: Statement[]): undefined {
    const at = this.#cursor.advance();
    const condition = this.#condition();
    body.push({ kind: 'while', at, condition, body: this.#branch() });
  }

  #switch(body: Statement[]): undefined {
    const cursor = this.#cursor;
    const at = cursor.advance();
    cursor.skipToBody();
    const open = cursor.expect('{', 'switch ($variable) { case 1: ... break; }');
    const inner: Statement[] = [];
    while (cursor.token.kind !== 'end' && cursor.token.text !== '}' && !this.#atOuterWord()) {
      if (cursor.token.text === 'case' || cursor.token.text === 'default') cursor.skipPast(':');
      else
        this.#guard(
          () => this.#statement(inner),
          () => cursor.skipStatement(() => this.#atOuterWord()),
        );
    }
    this.#close(open, 'switch');
    body.push({ kind: 'switch', at, body: inner });
  }

  #assign(body: Statement[]): undefined {
    const cursor = this.#cursor;
    const target = cursor.advance();
    if (!/^(?::|[-+*/%&|^])?=$/.test(cursor.token.text)) this.#unexpected(target);
    cursor.advance();
    this.#expressions.condition();
    body.push({ kind: 'assign', at: target, target: target.text });
    this.#semicolon();
  }

  /**
   * Statements outside of any route. Where a `}` stands before and another behind them, the first one was a page break: they
   * belong to the route before.
   */
  #strayStatements(): undefined {
    const cursor = this.#cursor;
    const first = cursor.token;
    const closed = cursor.previous === this.#closed?.brace || cursor.previous.text === ';' ? this.#closed : undefined;
    const mark = cursor.position;
    const body = this.#statements();
    if (cursor.position === mark) this.#unexpected(first);
    if (!cursor.take('}')) {
      return cursor.problems.error('SCRIPT_SYNTAX', first, 'this statement stands outside of any route block', {
        cause: 'only settings, loadmodule, modparam and route blocks stand at the outermost level',
        cure: 'put it into route { ... }',
      });
    }
    if (!closed) {
      return cursor.problems.error('SCRIPT_SYNTAX', first, 'this statement stands outside of any route block', {
        cause: 'the line that begins the block is missing',
        cure: 'write route { before it',
      });
    }
    closed.body.push(...body);
    cursor.problems.error('SCRIPT_MISPRINT', closed.brace, 'this } closes the route too early', {
      cause: `the listing was broken over pages here; the statements from line ${first.line} on belong to the same route`,
      cure: 'remove this }',
    });
  }
}
