/**
 * Conditions, values and arguments.
 *
 * Precedence in SER: not, and, or. In OpenSER `and` and `or` are equal and bind to the left, and `&`, `|` are arithmetic:
 * `* / %` bind most tightly, then `+ -`, `&`, `^`, `|`. OpenSER wants `[ ]` around arithmetic in a condition; it may stand there
 * without them, too.
 */
import type { DialectName } from './dialect.ts';
import type { Token } from './lexer.ts';
import type { Cursor } from './parse-tokens.ts';
import type { Argument, CallNode, Expression, LogicOperator } from './syntax.ts';

const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=', '=~', '!~']);
/** How tightly each binds. */
const ARITHMETIC: ReadonlyMap<string, number> = new Map([
  ['|', 1],
  ['^', 2],
  ['&', 3],
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
]);
const IN_WORD = new Set(['.', '-', ':']);
/** Of one expression; the tree is as deep as they are many. */
const MOST_OPERATORS = 500;
const IN_HOST = new Set(['.', '-', ':', '/', '[', ']', '*', '@']);

export class ExpressionReader {
  readonly #cursor: Cursor;
  readonly #ser: boolean;
  #operators = 0;

  constructor(cursor: Cursor, dialect: DialectName) {
    this.#cursor = cursor;
    this.#ser = dialect === 'ser';
  }

  condition(): Expression {
    this.#operators = 0;
    return this.#inner();
  }

  /** What stands behind the `=` of an assignment or between the brackets of a switch. */
  value(): Expression {
    this.#operators = 0;
    return this.#cursor.nested(() => this.#arithmetic());
  }

  #inner(): Expression {
    return this.#cursor.nested(() => (this.#ser ? this.#or() : this.#andOr()));
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#atLogic('||', '|')) left = this.#logic('||', left, () => this.#and());
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#atLogic('&&', '&')) left = this.#logic('&&', left, () => this.#not());
    return left;
  }

  #andOr(): Expression {
    let left = this.#not();
    while (this.#cursor.at('&&') || this.#cursor.at('||')) {
      left = this.#logic(this.#cursor.token.text as LogicOperator, left, () => this.#not());
    }
    return left;
  }

  #atLogic(long: string, short: string): boolean {
    return this.#cursor.at(long) || this.#cursor.at(short);
  }

  #logic(operator: LogicOperator, left: Expression, read: () => Expression): Expression {
    const at = this.#cursor.advance();
    this.#countOperator(at);
    return { kind: 'logic', operator, left, right: read(), at };
  }

  #countOperator(at: Token): void {
    if (++this.#operators <= MOST_OPERATORS) return;
    this.#cursor.fail('SCRIPT_SYNTAX', at, `an expression with more than ${MOST_OPERATORS} operators`, {
      cure: 'divide it',
    });
  }

  #not(): Expression {
    const { token } = this.#cursor;
    if (!this.#cursor.take('!')) return this.#comparison();
    return { kind: 'not', at: token, operand: this.#cursor.nested(() => this.#not()) };
  }

  #comparison(): Expression {
    const cursor = this.#cursor;
    const left = this.#arithmetic();
    const { token } = cursor;
    if (token.kind !== 'operator') return left;
    if (token.text === '=') this.#reportAssignment(token, '==');
    else if (!COMPARISONS.has(token.text)) return left;
    cursor.advance();
    if (token.text !== '=' && cursor.at('=')) this.#reportAssignment(cursor.advance(), token.text);
    const right = this.#arithmetic();
    return { kind: 'compare', at: token, operator: token.text === '=' ? '==' : token.text, left, right };
  }

  #reportAssignment(token: Token, cure: string): void {
    this.#cursor.problems.error('SCRIPT_SYNTAX', token, '`=` does not compare', {
      cause: 'a single = gives a setting its value',
      cure: `write ${cure}`,
    });
  }

  /** A value with operators between its parts, those that bind more tightly than `least` and so on up. */
  #arithmetic(least = 1): Expression {
    const cursor = this.#cursor;
    let left = this.#signed();
    for (;;) {
      const { token } = cursor;
      const binding = token.kind === 'operator' ? ARITHMETIC.get(token.text) : undefined;
      if (binding === undefined || binding < least) return left;
      if (this.#ser && (token.text === '&' || token.text === '|')) return left;
      cursor.advance();
      this.#countOperator(token);
      const right = cursor.nested(() => this.#arithmetic(binding + 1));
      left = { kind: 'arithmetic', operator: token.text, at: token, left, right };
    }
  }

  #signed(): Expression {
    const cursor = this.#cursor;
    const { token } = cursor;
    const minus = cursor.at('-') && cursor.peek().kind !== 'number';
    if (!minus && !cursor.at('~')) return this.#operand();
    cursor.advance();
    return {
      kind: 'arithmetic',
      operator: token.text,
      at: token,
      left: cursor.nested(() => this.#signed()),
      right: undefined,
    };
  }

  #operand(): Expression {
    const cursor = this.#cursor;
    const { token } = cursor;
    if (cursor.take('(')) {
      const inner = this.#inner();
      cursor.expect(')', 'if (condition) statement');
      return inner;
    }
    if (!this.#ser && cursor.take('[')) {
      const inner = cursor.nested(() => this.#arithmetic());
      cursor.expect(']', 'if ([ $var(x) & 4 ]) statement');
      return inner;
    }
    switch (token.kind) {
      case 'string':
        cursor.advance();
        return { kind: 'string', at: token, text: token.text, raw: token.raw };
      case 'variable':
        cursor.advance();
        return { kind: 'variable', at: token, text: token.text };
      case 'number':
        cursor.advance();
        return { kind: 'number', at: token, value: token.value };
      case 'address':
        return this.#address();
      case 'identifier': {
        if (cursor.peek().text === '(' && cursor.peek().kind === 'operator') return this.call();
        if (token.text === 'NULL' || token.text === 'null') {
          cursor.advance();
          return { kind: 'null', at: token };
        }
        const word = this.argument();
        return { kind: 'word', at: word.at, text: word.text };
      }
    }
    if (cursor.at('-') && cursor.peek().kind === 'number') {
      cursor.advance();
      const number = cursor.advance();
      return { kind: 'number', at: { ...token, length: number.length + 1 }, value: -number.value };
    }
    if (cursor.at('@')) {
      return cursor.fail('SCRIPT_KAMAILIO', token, 'there are no selects here', {
        cause: 'what begins with @ belongs to later SER and to Kamailio',
        cure: 'use a variable: $hdr(name), $fu, $(ru{uri.user})',
      });
    }
    return cursor.fail('SCRIPT_SYNTAX', token, `a value or function is expected before ${cursor.describe(token)}`, {
      cause: 'the condition is not complete',
      cure: 'write for example method=="INVITE", uri==myself or !lookup("location")',
    });
  }

  /** An address, with `/24` or `/255.255.255.0` behind it. */
  #address(): Expression {
    const cursor = this.#cursor;
    const at = cursor.advance();
    let { text } = at;
    if (cursor.at('/')) {
      cursor.advance();
      text += `/${cursor.advance().text}`;
    }
    return { kind: 'address', at: { ...at, length: text.length }, text };
  }

  call(): CallNode {
    const cursor = this.#cursor;
    const name = cursor.advance();
    cursor.expect('(', `${name.text}("argument");`);
    const args: Argument[] = [];
    if (!cursor.take(')')) {
      do args.push(this.argument());
      while (cursor.take(','));
      cursor.expect(')', `${name.text}("argument");`);
    }
    return { kind: 'call', at: name, name: name.text, args };
  }

  /** The strings behind a string, which Kamailio would join to it. */
  #neighbours(first: Token): string {
    const cursor = this.#cursor;
    let text = '';
    while (first.kind === 'string' && cursor.token.kind === 'string') text += cursor.advance().text;
    if (text !== '') {
      cursor.problems.error('SCRIPT_KAMAILIO', cursor.previous, 'two strings side by side are not joined here', {
        cause: 'only Kamailio joins them',
        cure: 'write one string in one pair of quotes',
      });
    }
    return text;
  }

  /** A literal. Unquoted names and addresses are taken whole, as they are written; `host` allows more in them. */
  argument(form?: 'host'): Argument {
    const cursor = this.#cursor;
    const first = cursor.token;
    if (first.kind === 'string' || first.kind === 'variable') {
      cursor.advance();
      return { kind: first.kind, text: first.text + this.#neighbours(first), value: 0, at: first };
    }
    if (first.text === '-' && cursor.peek().kind === 'number') {
      cursor.advance();
      const number = cursor.advance();
      return {
        kind: 'number',
        text: `-${number.text}`,
        value: -number.value,
        at: { ...first, length: number.length + 1 },
      };
    }
    const inWord = form === 'host' ? IN_HOST : IN_WORD;
    let text = '';
    let end = first.offset;
    for (let { token } = cursor; token.offset === end; token = cursor.token) {
      if (
        token.kind === 'operator' ? !inWord.has(token.text) : !['identifier', 'number', 'address'].includes(token.kind)
      )
        break;
      text += token.text;
      end = token.offset + token.length;
      cursor.advance();
    }
    if (text === '') {
      return cursor.fail('SCRIPT_SYNTAX', first, `a value is expected before ${cursor.describe(first)}`, {
        cause: 'strings stand in quotes',
        cure: 'complete the list of values',
      });
    }
    const at = { ...first, length: end - first.offset };
    if (first.kind === 'number' && end === first.offset + first.length)
      return { kind: 'number', text, value: first.value, at };
    return { kind: 'word', text, value: 0, at };
  }
}
