/**
 * SER's way to write variables in xlog: `%ru`, `%{Subject}`, `%{Via[1]}`, `%%`. OpenSER writes them with a `$`, and there a `%` is
 * a per cent sign.
 */
import type { ScriptUses } from '../../script/types.ts';
import type { Text } from '../../script/values/format.ts';
import { textOf, type Variable } from '../../script/values/types.ts';

/** Those that have another name as a variable. */
const NAMES: Readonly<Record<string, string>> = { is: 'si' };
const MARK = /%(?:%|\{([^}\s]+)\}|([A-Za-z]{2}))/g;

/** The text with its specifiers bound; one that nobody knows stays as it is written. */
export function bindPercent(text: string, uses: ScriptUses): Text {
  const pieces: (string | Variable)[] = [];
  let from = 0;
  for (const found of text.matchAll(MARK)) {
    const piece = pieceFor(found, uses);
    if (piece === undefined) continue;
    pieces.push(text.slice(from, found.index), piece);
    from = found.index + found[0].length;
  }
  if (pieces.length === 0) return { constant: text, read: () => text };
  pieces.push(text.slice(from));
  return {
    constant: undefined,
    read(run) {
      let made = '';
      for (const piece of pieces) made += typeof piece === 'string' ? piece : textOf(piece.read(run));
      return made;
    },
  };
}

function pieceFor([whole, header, name]: RegExpExecArray, uses: ScriptUses): string | Variable | undefined {
  if (whole === '%%') return '%';
  if (name !== undefined) return uses.variable(`$${NAMES[name] ?? name}`);
  const [, of, index] = /^([^[]+)(\[-?\d+\])?$/.exec(header!) ?? [];
  return of === undefined ? undefined : uses.variable(`$(hdr(${of})${index ?? ''})`);
}
