/**
 * Reads the tokens of a ser.cfg into a tree by recursive descent. A faulty statement gives one error, and reading goes on
 * behind it, so that all faults of a file are told at once.
 *
 * Errors: SCRIPT_SYNTAX, SCRIPT_MISPRINT (a page break that closed a route too early).
 * Source: the grammar of SER 0.9.7 and OpenSER 1.3; `&` and `|` are and/or in the former, arithmetic in the latter.
 */
import type { Problems } from './diagnostics.ts';
import type { DialectName } from './dialect.ts';
import { laterDirective } from './later.ts';
import type { Token } from './lexer.ts';
import { ExpressionReader } from './parse-expression.ts';
import { StatementReader } from './parse-statements.ts';
import { Cursor } from './parse-tokens.ts';
import type { Argument, Assignment, LoadModule, ModParam, RouteBlock, ScriptTree, Statement } from './syntax.ts';

export function parseScript(tokens: readonly Token[], dialect: DialectName, problems: Problems): ScriptTree {
  return new Parser(new Cursor(tokens, problems), dialect).file();
}

class Parser {
  readonly #cursor: Cursor;
  readonly #expressions: ExpressionReader;
  readonly #statements: StatementReader;
  readonly #assignments: Assignment[] = [];
  readonly #loads: LoadModule[] = [];
  readonly #params: ModParam[] = [];
  readonly #blocks: RouteBlock[] = [];
  /** The brace that closed the last route block, and that block's statements. */
  #closed: { brace: Token; body: Statement[] } | undefined;

  constructor(cursor: Cursor, dialect: DialectName) {
    this.#cursor = cursor;
    this.#expressions = new ExpressionReader(cursor, dialect);
    this.#statements = new StatementReader(cursor, dialect);
  }

  file(): ScriptTree {
    const cursor = this.#cursor;
    while (cursor.token.kind !== 'end') {
      const { line } = cursor.token;
      cursor.guard(
        () => this.#topLevel(),
        () => {
          // What is left of a statement that runs over several lines.
          const { token } = cursor;
          if (token.line === line || token.kind !== 'identifier') cursor.skipLine(token.line);
        },
      );
    }
    return { assignments: this.#assignments, loads: this.#loads, params: this.#params, blocks: this.#blocks };
  }

  #topLevel(): undefined {
    const cursor = this.#cursor;
    const { token } = cursor;
    if (cursor.take(';')) return;
    if (token.text === 'loadmodule') return this.#loadModule();
    if (token.text === 'modparam') return this.#modParam();
    if (this.#statements.atBlock()) return this.#block();
    if (token.kind === 'identifier' && cursor.peek().text === '=') return this.#assignment();
    if (token.text === '}') {
      cursor.advance();
      return this.#cursor.problems.error('SCRIPT_SYNTAX', token, 'this } closes nothing', {
        cause: 'all blocks are closed already',
        cure: 'remove it, or look for a { that is missing above',
      });
    }
    if (token.kind === 'identifier' && !['(', '=', '!'].includes(cursor.peek().text) && token.text !== 'if') {
      const later = cursor.peek().kind === 'string' ? laterDirective(token.text) : undefined;
      if (later) cursor.fail('SCRIPT_KAMAILIO', token, `there is no \`${token.text}\` here`, later);
      if (cursor.peek().line === token.line && ['number', 'string', 'address'].includes(cursor.peek().kind)) {
        this.#cursor.fail('SCRIPT_SYNTAX', cursor.peek(), `\`=\` is missing behind \`${token.text}\``, {
          cure: `write ${token.text}=${cursor.source(cursor.peek())}`,
        });
      }
    }
    this.#strayStatements();
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
    return this.#cursor.fail(
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
        this.#cursor.fail('SCRIPT_SYNTAX', equals, `\`${name.text}\` has no value`, {
          cure: `write ${name.text}=value`,
        });
      }
      values.push(this.#expressions.argument('host'));
    } while (this.#anotherValue(['listen', 'alias'].includes(name.text) ? 0 : name.line));
    this.#assignments.push({ at: name, name: name.text, values });
  }

  /** `listen` and `alias` take several values, blanks or line breaks between them; others none, which is told of those in its `line`. */
  #anotherValue(line: number): boolean {
    const { token } = this.#cursor;
    if (token.kind === 'end' || this.#statements.atBlock() || (line > 0 && token.line !== line)) return false;
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
    const body = this.#statements.body(open, type.text);
    this.#blocks.push({ at: type, type: type.text, id, body });
    this.#closed = { brace: cursor.previous, body };
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
    const body = this.#statements.statements();
    if (cursor.position === mark) this.#statements.unexpected(first);
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
