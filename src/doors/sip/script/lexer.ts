/**
 * Cuts ser.cfg into tokens. Knows the words and operators of SER 0.9 and OpenSER 1.3, and enough of Kamailio to say what
 * does not belong here.
 *
 * Errors: SCRIPT_CHARACTER, SCRIPT_SYNTAX, SCRIPT_MISPRINT. The lexer always goes on to the end of the text.
 */
import { isIPv6 } from 'node:net';
import type { Problems, Span } from './diagnostics.ts';
import { variableEnd } from './values/name.ts';

export type TokenKind =
  | 'identifier'
  | 'number'
  | 'string'
  | 'address'
  | 'variable'
  | 'operator'
  | 'callout'
  | 'kamailio'
  | 'end';

export interface Token extends Span {
  readonly kind: TokenKind;
  /** Identifiers and operators: the word (`and` is `&&`); strings: the value; others: as written. */
  readonly text: string;
  /** Of numbers. */
  readonly value: number;
  /** A string's `'...'` takes no escapes and no variables. */
  readonly raw: boolean;
}

const WORDS_FOR_NUMBERS: ReadonlyMap<string, number> = new Map([
  ...['yes', 'true', 'on', 'enable'].map((word) => [word, 1] as const),
  ...['no', 'false', 'off', 'disable'].map((word) => [word, 0] as const),
]);
const WORDS_FOR_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['and', '&&'],
  ['or', '||'],
  ['not', '!'],
]);

const BLANK = /[\s\u00a0\ufeff]+/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|[0-9]+/y;
const IPV4 = /[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9.])/y;
const PERHAPS_IPV6 = /[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/y;
const OPERATOR = /:=|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|==|!=|<=|>=|=~|!~|&&|\|\||<<|>>|[=<>!&|+\-*/%^~(){}[\];,:.@?]/y;
/** Circled and negative circled figures as books print them beside code. */
const CALLOUT = /[\u2460-\u2473\u24eb-\u24fe\u2776-\u2793\u3251-\u325f\u32b1-\u32bf]+/y;
const CURLY_QUOTES = /[\u201c\u201d\u201e\u2018\u2019]/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', a: '\x07', t: '\t', '"': '"', '\\': '\\' };

export function tokenize(text: string, problems: Problems): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  let line = 1;
  let lineStart = 0;
  /** The line break at or behind `position`; kept, so that a long line is not searched once for each of its tokens. */
  let lineEnd = nextBreak(0);

  while (position < text.length) {
    if (skipBlankOrComment()) continue;
    readToken();
  }
  push('end', position, '');
  return tokens;

  function spanAt(offset: number, length: number): Span {
    return { offset, length, line, column: offset - lineStart + 1 };
  }

  /** Moves on to `end`, counting lines. */
  function moveTo(end: number): undefined {
    for (; lineEnd < end; lineEnd = nextBreak(lineStart)) {
      line++;
      lineStart = lineEnd + 1;
    }
    position = end;
  }

  function nextBreak(from: number): number {
    const found = text.indexOf('\n', from);
    return found < 0 ? text.length : found;
  }

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = position;
    return pattern.exec(text)?.[0];
  }

  function push(kind: TokenKind, end: number, word: string, value = 0, raw = false): undefined {
    tokens.push({ kind, text: word, value, raw, ...spanAt(position, end - position) });
    moveTo(end);
  }

  function skipBlankOrComment(): boolean {
    const blank = match(BLANK);
    if (blank !== undefined) moveTo(position + blank.length);
    else if (text[position] === '#') skipLine();
    else if (text.startsWith('/*', position)) skipBlockComment();
    else if (text.startsWith('//', position)) {
      problems.error('SCRIPT_SYNTAX', spanAt(position, 2), '`//` does not begin a comment here', {
        cause: 'only Kamailio knows this form of comment',
        cure: 'write # instead of //',
      });
      moveTo(lineEnd);
    } else return false;
    return true;
  }

  function skipLine(): undefined {
    if (/^#!(?:KAMAILIO|OPENSIPS|MAXCOMPAT|ALL)\b/.test(text.slice(position, position + 12))) {
      return push('kamailio', lineEnd, text.slice(position, lineEnd).trimEnd());
    }
    moveTo(lineEnd);
  }

  /** Comments nest. */
  function skipBlockComment(): undefined {
    const opened = spanAt(position, 2);
    let depth = 0;
    const mark = /\/\*|\*\//g;
    mark.lastIndex = position;
    for (let found = mark.exec(text); found; found = mark.exec(text)) {
      depth += found[0] === '/*' ? 1 : -1;
      if (depth === 0) return moveTo(mark.lastIndex);
    }
    problems.error('SCRIPT_CHARACTER', opened, 'this comment is never closed', {
      cause: 'comments nest: each /* needs a */ of its own',
      cure: 'add */ where the comment ends',
    });
    moveTo(text.length);
  }

  function readToken(): undefined {
    const char = text[position]!;
    if (char === '"' || char === "'") return readString(char);
    if (char === '$') return readVariable();
    const address = match(PERHAPS_IPV6);
    if (address && isIPv6(address)) return push('address', position + address.length, address);
    const ipv4 = match(IPV4);
    if (ipv4) return push('address', position + ipv4.length, ipv4);
    const number = match(NUMBER);
    if (number) return readNumber(number);
    const word = match(IDENTIFIER);
    if (word) return readWord(word);
    const operator = match(OPERATOR);
    if (operator) return push('operator', position + operator.length, operator);
    const callout = match(CALLOUT);
    if (callout) return push('callout', position + callout.length, callout);
    readUnknown();
  }

  function readWord(word: string): undefined {
    const end = position + word.length;
    const number = WORDS_FOR_NUMBERS.get(word.toLowerCase());
    if (number !== undefined) return push('number', end, word, number);
    const operator = WORDS_FOR_OPERATORS.get(word.toLowerCase());
    if (operator) return push('operator', end, operator);
    push('identifier', end, word);
  }

  function readNumber(digits: string): undefined {
    const octal = digits.length > 1 && digits.startsWith('0') && !/^0x/i.test(digits);
    const value = octal ? Number.parseInt(digits, 8) : Number(digits);
    if (octal && /[89]/.test(digits)) {
      problems.error('SCRIPT_CHARACTER', spanAt(position, digits.length), `\`${digits}\` is no octal number`, {
        cause: 'a number with a leading 0 is octal',
        cure: `write ${Number(digits)}`,
      });
    } else if (value > 0x7fffffff) {
      problems.error('SCRIPT_CHARACTER', spanAt(position, digits.length), `\`${digits}\` is too large for a number`, {
        cure: 'the largest number is 2147483647',
      });
    }
    push('number', position + digits.length, digits, value);
  }

  function readString(quote: string): undefined {
    let value = '';
    let at = position + 1;
    for (; at < text.length && text[at] !== quote; at++) {
      if (text[at] === '\n') return readOpenString(quote);
      if (quote === '"' && text[at] === '\\') {
        const [meaning, length] = escapeAt(at);
        value += meaning;
        at += length - 1;
      } else {
        value += text[at];
      }
    }
    if (at >= text.length) return readOpenString(quote);
    push('string', at + 1, value, 0, quote === "'");
  }

  /** What an escape means and how many characters it takes. Unknown ones keep their backslash, as regular expressions need. */
  function escapeAt(at: number): [string, number] {
    const next = text[at + 1] ?? '';
    if (ESCAPES[next] !== undefined) return [ESCAPES[next], 2];
    if (next === '\n') return ['', 2];
    if (next === '\r' && text[at + 2] === '\n') return ['', 3];
    const hex = /^x[0-9a-fA-F]{1,2}/.exec(text.slice(at + 1, at + 4))?.[0];
    if (hex) return [String.fromCharCode(Number.parseInt(hex.slice(1), 16)), hex.length + 1];
    const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))?.[0];
    if (octal) return [String.fromCharCode(Number.parseInt(octal, 8) & 255), octal.length + 1];
    return ['\\', 1];
  }

  /** A string whose line ends before its quote comes: taken to end where the brackets of the statement close. */
  function readOpenString(quote: string): undefined {
    const body = /^.[^);{]*/.exec(text.slice(position, lineEnd))![0].trimEnd();
    problems.error('SCRIPT_CHARACTER', spanAt(position, body.length), 'this string is not closed on its line', {
      cause: `the closing ${quote} is missing`,
      cure: `write ${body}${quote}`,
    });
    push('string', position + Math.max(1, body.length), body.slice(1), 0, quote === "'");
  }

  function readVariable(): undefined {
    const end = variableEnd(text, position, lineEnd);
    push('variable', end, text.slice(position, end));
  }

  function readUnknown(): undefined {
    const char = String.fromCodePoint(text.codePointAt(position)!);
    const at = spanAt(position, char.length);
    if (CURLY_QUOTES.test(char)) {
      const close = /[\u201c\u201d\u2018\u2019"']/g;
      close.lastIndex = position + 1;
      const end = close.exec(text)?.index ?? -1;
      problems.error('SCRIPT_MISPRINT', at, `\`${char}\` is a printer's quotation mark`, {
        cause: 'a word processor or web page has replaced the straight quotes',
        cure: 'write "..." with straight quotes',
      });
      if (end > 0 && end < lineEnd) return push('string', end + 1, text.slice(position + 1, end));
    } else {
      problems.error('SCRIPT_CHARACTER', at, `the character \`${char}\` has no meaning here`, { cure: 'remove it' });
    }
    moveTo(position + char.length);
  }
}
