/**
 * Kamailio's preprocessor, understood only so far that the rest of such a file can be told about: what `#!ifdef` leaves out is
 * blanked, and names from `#!define` stand for their values. Each kind of line is one error. Source: the Kamailio core cookbook.
 *
 * Errors: SCRIPT_KAMAILIO.
 */
import { Problems } from './diagnostics.ts';
import { laterDirective } from './later.ts';
import { type Token, tokenize } from './lexer.ts';

const LINE = /^[ \t]*#!!?([a-z_]+)(?:[ \t]+([A-Za-z0-9_]+)(?:[ \t]+(\S.*?))?)?[ \t\r]*$/;

export interface Preprocessed {
  /** As long as the text was, each line where it was. */
  readonly text: string;
  /** What stands for these names. */
  readonly defines: ReadonlyMap<string, Token>;
}

export function preprocess(text: string, problems: Problems): Preprocessed {
  const defines = new Map<string, Token>();
  if (!/^[ \t]*#!/m.test(text)) return { text, defines };
  const told = new Set<string>();
  /** Whether the lines of each condition around are valid. */
  const valid: boolean[] = [];
  let offset = 0;
  const lines = text.split('\n').map((line, index) => {
    const found = LINE.exec(line);
    const word = found?.[1] ?? '';
    if (laterDirective(word)) {
      tell(word, line, index);
      obey(word, found![2] ?? '', found![3] ?? '');
    }
    offset += line.length + 1;
    return valid.every(Boolean) ? line : ' '.repeat(line.length);
  });
  return { text: lines.join('\n'), defines };

  function tell(word: string, line: string, index: number): undefined {
    const kind = /^(?:if|else|endif)/.test(word) ? 'ifdef' : word;
    if (told.has(kind)) return;
    told.add(kind);
    const start = line.indexOf('#');
    const at = { offset: offset + start, length: word.length + 2, line: index + 1, column: start + 1 };
    problems.error('SCRIPT_KAMAILIO', at, `\`#!${word}\` is a comment here, as in SER and OpenSER`, {
      cause: 'lines for the preprocessor belong to Kamailio',
      cure: `${laterDirective(word)!.cure}; the same for all such lines`,
    });
  }

  function obey(word: string, name: string, value: string): undefined {
    if (word === 'ifdef') valid.push(defines.has(name));
    else if (word === 'ifndef') valid.push(!defines.has(name));
    else if (word === 'ifexp') valid.push(true);
    else if (word === 'else') valid.push(!(valid.pop() ?? false));
    else if (word === 'endif') valid.pop();
    else if (/define$|^trydef$/.test(word) && valid.every(Boolean)) {
      defines.set(name, tokenize(value, new Problems('', value))[0]!);
    }
  }
}

/** Names that stand for values become these, at the places of the names. */
export function expand(tokens: readonly Token[], defines: ReadonlyMap<string, Token>): Token[] {
  return tokens.map((token) => {
    const value = token.kind === 'identifier' ? defines.get(token.text) : undefined;
    if (!value || value.kind === 'end') return token;
    const { offset, length, line, column } = token;
    return { ...value, offset, length, line, column };
  });
}
