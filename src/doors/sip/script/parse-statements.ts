/**
 * The statements of a route block: calls, if, while, switch, assignments, break and its kin. After a fault, which was told,
 * reading goes on behind the statement.
 *
 * Errors: SCRIPT_SYNTAX.
 */
import type { DialectName } from './dialect.ts';
import type { Token } from './lexer.ts';
import { ExpressionReader } from './parse-expression.ts';
import type { Cursor } from './parse-tokens.ts';
import type { Expression, LeaveWord, Statement, SwitchCase } from './syntax.ts';

const BLOCK_WORD = /^(?:request_)?route$|^[a-z]+_route$/;
const LEAVE_WORDS: readonly string[] = ['break', 'drop', 'exit', 'return'] satisfies LeaveWord[];
const ASSIGNMENT = /^(?::|[-+*/%&|^])?=$/;
const SWITCH_FORM = 'switch ($variable) { case 1: ... break; default: ... }';

export class StatementReader {
  readonly #cursor: Cursor;
  readonly #expressions: ExpressionReader;
  /** The first block of this route whose `}` does not stand under its beginning: the likely place of a missing one. */
  #suspect: Token | undefined;
  #unclosed = false;

  constructor(cursor: Cursor, dialect: DialectName) {
    this.#cursor = cursor;
    this.#expressions = new ExpressionReader(cursor, dialect);
  }

  /** What stands between the braces of a route block; `open`: the first of them, `what`: the block's word. */
  body(open: Token, what: string): Statement[] {
    this.#suspect = undefined;
    this.#unclosed = false;
    const body = this.statements();
    this.close(open, what);
    return body;
  }

  atBlock(): boolean {
    const { token } = this.#cursor;
    const next = this.#cursor.peek();
    return token.kind === 'identifier' && BLOCK_WORD.test(token.text) && (next.text === '[' || next.text === '{');
  }

  /** Statements up to the brace that closes them, or up to something that can only stand outside. */
  statements(): Statement[] {
    const cursor = this.#cursor;
    const body: Statement[] = [];
    while (cursor.token.kind !== 'end' && cursor.token.text !== '}' && !this.#atOuterWord()) {
      this.#cursor.guard(
        () => this.#statement(body),
        () => cursor.skipStatement(() => this.#atOuterWord()),
      );
    }
    return body;
  }

  #atOuterWord(): boolean {
    const { token } = this.#cursor;
    return (
      this.atBlock() || (token.kind === 'identifier' && (token.text === 'loadmodule' || token.text === 'modparam'))
    );
  }

  close(open: Token, what: string): undefined {
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
      body.push({ kind: 'block', at: open, body: cursor.nested(() => this.statements()) });
      return this.close(open, '{');
    }
    if (token.kind !== 'identifier') this.unexpected(token);
    switch (token.text) {
      case 'if':
        return this.#if(body);
      case 'while':
        return this.#while(body);
      case 'switch':
        return this.#switch(body);
      case 'else':
        return this.#cursor.fail('SCRIPT_SYNTAX', token, 'this else has no if', {
          cause: 'a `;` stands between the if and its else, or the if is missing',
          cure: 'write } else { without a `;` before else',
        });
    }
    if (LEAVE_WORDS.includes(token.text)) return this.#leave(body);
    if (token.text === 'case' || token.text === 'default') this.#notInSwitch(token);
    if (cursor.peek().text === '=') {
      this.#cursor.fail('SCRIPT_SYNTAX', token, `a setting such as \`${token.text}\` cannot stand within a route`, {
        cure: 'move it to the top of the file',
      });
    }
    if (cursor.peek().text !== '(') this.#notACall(token);
    body.push(this.#expressions.call());
    this.#semicolon();
  }

  #notACall(token: Token): never {
    return this.#cursor.fail('SCRIPT_SYNTAX', token, `\`${token.text}\` is no statement`, {
      cause: 'a statement is a function with its brackets, if, break or a block',
      cure: `write ${token.text}(); if a function of that name is meant`,
    });
  }

  unexpected(token: Token): never {
    return this.#cursor.fail('SCRIPT_SYNTAX', token, `${this.#cursor.describe(token)} cannot begin a statement`, {
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
    if (!fresh)
      this.#cursor.fail('SCRIPT_SYNTAX', token, `\`;\` is expected before ${cursor.describe(token)}`, explanation);
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
    this.#cursor.guard(
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
      const body = cursor.nested(() => this.statements());
      this.close(open, 'if');
      return body;
    }
    const body: Statement[] = [];
    if (cursor.token.text === '}' || cursor.token.kind === 'end') this.unexpected(cursor.token);
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
          this.#cursor.fail('SCRIPT_SYNTAX', argument.at, `${at.text} takes a number`, {
            cure: `write ${at.text}(1);`,
          });
        value = argument.value;
      }
      cursor.expect(')', `${at.text}(1);`);
    } else if (at.text === 'return' && (cursor.token.kind === 'number' || cursor.at('-'))) {
      const negative = cursor.take('-');
      const number = cursor.expectKind('number', 'a number', 'return -1;').value;
      value = negative ? -number : number;
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
    let subject: Expression | undefined;
    cursor.guard(
      () => {
        cursor.expect('(', SWITCH_FORM);
        subject = this.#expressions.value();
        cursor.expect(')', SWITCH_FORM);
      },
      () => cursor.skipToBody(),
    );
    const open = cursor.expect('{', SWITCH_FORM);
    const cases: SwitchCase[] = [];
    while (cursor.token.kind !== 'end' && cursor.token.text !== '}' && !this.#atOuterWord()) {
      cursor.guard(
        () => cases.push(this.#case(cases.some(({ value }) => value === undefined))),
        () => cursor.skipStatement(() => this.#atOuterWord() || this.#atCase()),
      );
    }
    this.close(open, 'switch');
    body.push({ kind: 'switch', at, subject, cases });
  }

  #atCase(): boolean {
    return this.#cursor.at('case') || this.#cursor.at('default');
  }

  #case(hasDefault: boolean): SwitchCase {
    const cursor = this.#cursor;
    const at = cursor.advance();
    let value: string | number | undefined;
    if (at.text === 'case' && at.kind === 'identifier') value = this.#caseValue();
    else if (at.text !== 'default') {
      cursor.fail('SCRIPT_SYNTAX', at, `\`case\` or \`default\` is expected before ${cursor.describe(at)}`, {
        cause: 'within the braces of a switch every statement belongs to a case',
        cure: `the form is: ${SWITCH_FORM}`,
      });
    }
    if (value === undefined && hasDefault) {
      cursor.problems.error('SCRIPT_SYNTAX', at, 'this switch has a `default` already', {
        cure: 'put the statements of both into the last one',
      });
    }
    cursor.expect(':', SWITCH_FORM);
    const body: Statement[] = [];
    while (cursor.token.kind !== 'end' && !cursor.at('}') && !this.#atCase() && !this.#atOuterWord()) {
      cursor.guard(
        () => cursor.nested(() => this.#statement(body)),
        () => cursor.skipStatement(() => this.#atOuterWord() || this.#atCase()),
      );
    }
    return { at, value, body };
  }

  #caseValue(): string | number {
    const cursor = this.#cursor;
    const negative = cursor.take('-');
    const token = cursor.advance();
    if (token.kind === 'number') return negative ? -token.value : token.value;
    if (token.kind === 'string' && !negative) return token.text;
    return cursor.fail('SCRIPT_SYNTAX', token, 'a case is a number or a string in quotes', {
      cure: 'write case 1: or case "text":',
    });
  }

  #notInSwitch(token: Token): never {
    return this.#cursor.fail('SCRIPT_SYNTAX', token, `this \`${token.text}\` stands in no switch`, {
      cure: `the form is: ${SWITCH_FORM}`,
    });
  }

  #assign(body: Statement[]): undefined {
    const cursor = this.#cursor;
    const target = cursor.advance();
    const operator = cursor.token;
    if (operator.kind !== 'operator' || !ASSIGNMENT.test(operator.text)) this.unexpected(target);
    cursor.advance();
    const value = this.#expressions.value();
    body.push({ kind: 'assign', at: target, target: target.text, operator: operator.text, value });
    this.#semicolon();
  }
}
