/**
 * How variables are written: `$name`, `$name(inner)`, `$(name)`, `$(name(inner)[index]{transformation})`. One reader serves
 * the script and the texts in its strings.
 */
import type { VariableName } from './types.ts';

/** Position behind the variable that begins with the `$` at `at`; brackets are balanced within `limit`. */
export function variableEnd(text: string, at: number, limit: number): number {
  const name = /\$(?:[A-Za-z][A-Za-z0-9_.]*|\?|\$)?/y;
  name.lastIndex = at;
  let end = at + name.exec(text)![0].length;
  if (text[end] !== '(') return end;
  let depth = 0;
  while (end < limit) {
    const char = text[end++];
    if (char === '(') depth++;
    else if (char === ')' && --depth === 0) break;
  }
  return end;
}

/** The parts of a variable; a string says what is wrong (lower case, no full stop). */
export function parseName(text: string): VariableName | string {
  const long = /^\$\((.*)\)$/s.exec(text)?.[1];
  const found = /^([A-Za-z][A-Za-z0-9_.]*|\?)/.exec(long ?? text.slice(1));
  if (!found) return 'a `$` must be followed by a name, as in $ru or $(ru)';
  const name = found[1]!;
  let rest = (long ?? text.slice(1)).slice(name.length);
  let inner: string | undefined;
  if (rest.startsWith('(')) {
    const end = closing(rest, '(', ')');
    if (end < 0) return 'its bracket is not closed';
    inner = rest.slice(1, end);
    rest = rest.slice(end + 1);
  }
  const bracket = /^\[\s*(\*|-?\d{1,4})\s*\]/.exec(rest);
  let index: number | '*' | undefined;
  if (bracket) {
    index = bracket[1] === '*' ? '*' : Number(bracket[1]);
    rest = rest.slice(bracket[0].length);
  }
  const transformations: string[] = [];
  while (rest.startsWith('{')) {
    const end = closing(rest, '{', '}');
    if (end < 0) return 'the `{` of a transformation is not closed';
    transformations.push(rest.slice(1, end));
    rest = rest.slice(end + 1);
  }
  if (rest !== '') return `\`${rest}\` behind the name has no meaning`;
  return { class: name, inner, index, transformations };
}

function closing(text: string, open: string, close: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === open) depth++;
    else if (text[i] === close && --depth === 0) return i;
  }
  return -1;
}
