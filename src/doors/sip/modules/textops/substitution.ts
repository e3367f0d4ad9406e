/**
 * `/expression/replacement/flags`, as sed writes it; any character may stand in place of the slashes.
 *
 * Flags: i ignores case, g changes all places, s lets `.` go over line ends. In the replacement: \1 to \9 are the groups, \0 the whole, \u
 * the Request-URI, \n \r \t and a `\` before any other character that character; variables as everywhere.
 */

import { describeError } from '../../../../platform/errors.ts';
import type { Run } from '../../run.ts';
import { PatternPlaces, type Place } from '../../script/pattern-places.ts';
import type { ScriptUses } from '../../script/types.ts';
import { parseName, variableEnd } from '../../script/values/name.ts';
import { textOf } from '../../script/values/types.ts';
import { Rewriting } from './rewriting.ts';

interface Parts {
  readonly expression: string;
  readonly replacement: readonly Piece[];
  readonly flags: string;
}

/** A text, a group, or a variable by its name. */
type Piece = string | number | { readonly variable: string };

const ESCAPES: Readonly<Record<string, Piece>> = { n: '\n', r: '\r', t: '\t', u: { variable: '$ru' } };

/** A complaint about an argument that must be a substitution. */
export function checkSubstitution(text: string): string | undefined {
  try {
    const { expression, replacement, flags } = read(text);
    const { groups } = new PatternPlaces(expression, optionsOf(flags));
    for (const piece of replacement) {
      if (typeof piece === 'number' && piece > groups)
        return `names the group \\${piece}, but its expression has ${groups}`;
    }
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

export function substitution(text: string, uses: ScriptUses): Rewriting {
  const { expression, replacement, flags } = read(text);
  const pieces = replacement.map((piece) => bind(piece, uses));
  const make = (run: Run, whole: string, place: Place) => {
    let made = '';
    for (const piece of pieces) made += typeof piece === 'string' ? piece : piece(run, whole, place);
    return made;
  };
  return new Rewriting(expression, optionsOf(flags), flags.includes('g'), make);
}

function bind(piece: Piece, uses: ScriptUses): string | ((run: Run, text: string, place: Place) => string) {
  if (typeof piece === 'string') return piece;
  if (typeof piece === 'number') {
    return (_run, text, place) => (place[2 * piece]! < 0 ? '' : text.slice(place[2 * piece], place[2 * piece + 1]));
  }
  const variable = uses.variable(piece.variable);
  return (run) => textOf(variable?.read(run));
}

function optionsOf(flags: string) {
  return { exact: !flags.includes('i'), lines: !flags.includes('s') };
}

function read(text: string): Parts {
  const mark = text[0] ?? '';
  const middle = markAt(text, mark, 1);
  const end = markAt(text, mark, middle + 1);
  if (mark === '' || /[A-Za-z0-9\\\s]/.test(mark) || middle < 0 || end < 0)
    throw new Error('must look like "/expression/replacement/flags"');
  const flags = text.slice(end + 1);
  if (!/^[igs]*$/.test(flags)) throw new Error(`has flags other than i, g and s: "${flags}"`);
  const expression = text.slice(1, middle).replaceAll(`\\${mark}`, mark);
  if (expression === '') throw new Error('has an empty expression');
  return { expression, replacement: readReplacement(text.slice(middle + 1, end)), flags };
}

/** Position of the next mark that no `\` stands before. */
function markAt(text: string, mark: string, from: number): number {
  if (from === 0) return -1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === mark) return at;
  }
  return -1;
}

function readReplacement(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (char === '\\') {
      const next = text[at + 1] ?? '\\';
      pieces.push(/[0-9]/.test(next) ? Number(next) : (ESCAPES[next] ?? next));
      at += 2;
    } else if (char === '$' && variableEnd(text, at, text.length) > at + 1 && text[at + 1] !== '$') {
      const end = variableEnd(text, at, text.length);
      const name = text.slice(at, end);
      if (typeof parseName(name) === 'string') throw new Error(`names ${name}: ${parseName(name)}`);
      pieces.push({ variable: name });
      at = end;
    } else {
      pieces.push(char);
      at += text.startsWith('$$', at) ? 2 : 1;
    }
  }
  return pieces;
}
