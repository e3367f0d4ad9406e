/** Texts with variables in them, as functions take them: `"sip:$rU@$(hdr(X-Host))"`. Cut into pieces once. */
import type { Run } from '../../run.ts';
import { variableEnd } from './name.ts';
import { type Getter, LONGEST_TEXT, textOf, type ValueScope } from './types.ts';
import { findVariable, isKnownName, type NoVariable } from './variables.ts';

/** An argument of a function. */
export interface Text {
  /** Present: it is the same for each message. */
  readonly constant: string | undefined;
  read(run: Run): string;
}

export function constantText(text: string): Text {
  return { constant: text, read: () => text };
}

/** A text that is one variable and nothing more: its value, not its text, can be asked for. */
export function bindText(text: string, scope: ValueScope): Text | NoVariable {
  const pieces = cutText(text);
  if (pieces.every((piece) => !piece.variable)) return constantText(pieces.map(({ text: part }) => part).join(''));
  const getters: (string | Getter)[] = [];
  for (const piece of pieces) {
    if (!piece.variable) {
      getters.push(piece.text);
      continue;
    }
    const variable = findVariable(piece.text, scope);
    if ('message' in variable) return variable;
    getters.push((run) => variable.read(run));
  }
  return {
    constant: undefined,
    read(run) {
      let made = '';
      for (const getter of getters) made += typeof getter === 'string' ? getter : textOf(getter(run));
      return made.length > LONGEST_TEXT ? made.slice(0, LONGEST_TEXT) : made;
    },
  };
}

interface Piece {
  readonly text: string;
  readonly variable: boolean;
}

/** `$$` is a dollar sign; a `$` that no name follows is itself. */
export function cutText(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const plain = (end: number) => {
    if (end > from) pieces.push({ text: text.slice(from, end), variable: false });
  };
  for (let at = text.indexOf('$'); at >= 0; at = text.indexOf('$', from)) {
    const end = ending(text, at);
    plain(at);
    if (text[at + 1] === '$') pieces.push({ text: '$', variable: false });
    else pieces.push({ text: text.slice(at, end), variable: end > at + 1 });
    from = end;
  }
  plain(text.length);
  return pieces;
}

/** A full stop behind a name may belong to the text around it. */
function ending(text: string, at: number): number {
  let end = variableEnd(text, at, text.length);
  const bare = /^\$[A-Za-z][A-Za-z0-9_.]*$/.test(text.slice(at, end));
  while (bare && text.slice(at, end).includes('.') && !isKnownName(text.slice(at + 1, end))) {
    end = at + text.slice(at, end).lastIndexOf('.');
  }
  return end;
}
