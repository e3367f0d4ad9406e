/**
 * Names as LinOTP's conditions match them: `*` is any characters, a dot any one character, the whole name has to match; whatever else
 * makes a regular expression works as such. Without such signs the time grows with the lengths only, whatever the pattern.
 *
 * Errors: POLICY_INVALID.
 */
import { invalidCondition } from '../condition.ts';

const LONGEST_TEXT = 320;

export function compileNamePattern(pattern: string, ignoreCase: boolean): (name: string) => boolean {
  // LinOTP reads `.*` as the `*` that it stands for.
  const text = pattern.replaceAll('.*', '*');
  if (/[\\^$+?()[\]{}|]/.test(text)) return compileRegExp(`^(?:${text.replaceAll('*', '.*')})$`, ignoreCase);
  const pieces = (ignoreCase ? text.toLowerCase() : text).split('*');
  return (name) => hasPieces(ignoreCase ? name.toLowerCase() : name, pieces);
}

/** Of texts that are longer than any name nothing is found. */
export function compileRegExp(source: string, ignoreCase = false): (text: string) => boolean {
  let compiled: RegExp;
  try {
    compiled = new RegExp(source, ignoreCase ? 'i' : '');
  } catch {
    throw invalidCondition('user', `${JSON.stringify(source.slice(0, 80))} is no regular expression`);
  }
  return (text) => text.length <= LONGEST_TEXT && compiled.test(text);
}

/** The first piece at the start, the last at the end, the others in their order between them. */
function hasPieces(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  if (pieces.length === 1) return name.length === first.length && fits(name, 0, first);
  const last = pieces.at(-1)!;
  const end = name.length - last.length;
  if (end < first.length || !fits(name, 0, first) || !fits(name, end, last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    while (at + piece.length <= end && !fits(name, at, piece)) at++;
    at += piece.length;
    if (at > end) return false;
  }
  return true;
}

function fits(name: string, at: number, piece: string): boolean {
  for (let i = 0; i < piece.length; i++) if (piece[i] !== '.' && piece[i] !== name[at + i]) return false;
  return true;
}
