/** Texts with `*` for any text, in any case, as lists are searched. */

const MAX_PATTERN = 256;

/** Walks once over the text for each piece between stars. */
export function textPattern(pattern: string): (text: string) => boolean {
  const pieces = pattern.slice(0, MAX_PATTERN).toLowerCase().split('*');
  return (given) => {
    const text = given.toLowerCase();
    const [first, ...rest] = pieces;
    const last = rest.pop();
    if (last === undefined) return text === first;
    if (!text.startsWith(first!) || text.length < first!.length + last.length || !text.endsWith(last)) return false;
    let at = first!.length;
    const end = text.length - last.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}
