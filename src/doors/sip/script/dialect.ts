/**
 * Which language a file is written in. It decides what a function's 0 means: SER leaves the current route, OpenSER the
 * whole script. So one construct that only OpenSER knows is enough: guessing `ser` wrongly would let a caller go on.
 */
import type { Token } from './lexer.ts';

export type DialectName = 'ser' | 'openser';

export interface Dialect {
  readonly name: DialectName;
  /** Why, for people. */
  readonly reason: string;
  /** Where the deciding construct stands. */
  readonly line: number | undefined;
}

const WORDS = new Set(['while', 'switch', 'return', 'exit', 'branch_route', 'error_route', 'retcode', 'return_code']);
const ASSIGNMENTS = new Set([':=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=']);
const OPERATORS = new Set(['!~', '+', '%', '^', '~', '<<', '>>', ...ASSIGNMENTS]);
/** `$ru`, `$(ru)`, `$avp(s:x)` within a string; a `$` that ends a pattern is none. */
export const VARIABLE_IN_TEXT = /\$(?:\(|[A-Za-z])/;

export function detectDialect(tokens: readonly Token[], override: DialectName | undefined): Dialect {
  if (override) return { name: override, reason: 'set by sip.dialect', line: undefined };
  for (const [index, token] of tokens.entries()) {
    const construct = onlyOpenSer(tokens, index);
    if (construct) return { name: 'openser', reason: `${construct} belongs to OpenSER`, line: token.line };
  }
  return { name: 'ser', reason: 'nothing in it belongs to OpenSER alone', line: undefined };
}

function onlyOpenSer(tokens: readonly Token[], index: number): string | undefined {
  const token = tokens[index]!;
  switch (token.kind) {
    case 'variable':
      return `the variable ${token.text}`;
    case 'identifier':
      return WORDS.has(token.text) && tokens[index + 1]?.text !== '=' ? `\`${token.text}\`` : undefined;
    case 'operator':
      return OPERATORS.has(token.text) ? `the operator \`${token.text}\`` : undefined;
    case 'string':
      return !token.raw && VARIABLE_IN_TEXT.test(token.text) && !argumentOfAvpops(tokens, index)
        ? `the variable in "${token.text}"`
        : undefined;
    default:
      return undefined;
  }
}

/** SER 0.9's avpops names parts of a message with a `$` too. */
function argumentOfAvpops(tokens: readonly Token[], index: number): boolean {
  for (let at = index; at >= 0 && ![';', '{', '}'].includes(tokens[at]!.text); at--) {
    if (tokens[at]!.kind === 'identifier' && tokens[at]!.text.startsWith('avp_')) return true;
  }
  return false;
}
