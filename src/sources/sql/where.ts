/**
 * The `Where` of an SQL resolver: one condition in the administrator's own SQL, put in parentheses before ours.
 *
 * It is the administrator's, and may name other columns, functions and sub-selects. What it may not is reach beyond its parentheses, on
 * purpose or by a slip: no second statement, no comment, no place holder, parentheses and quotes closed. A backslash within quotes means
 * one thing in MySQL and another in PostgreSQL, so there is none.
 * Gives what is wrong, or undefined.
 */
export function faultOfWhere(text: string): string | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === "'" || char === '"' || char === '`') {
      const end = text.indexOf(char, at + 1);
      if (end < 0) return `the quote ${char} is never closed`;
      if (text.slice(at, end).includes('\\')) return 'a quoted text holds a backslash';
      at = end;
    } else if (char === '(') depth++;
    else if (char === ')' && --depth < 0) return 'a parenthesis is closed that was never opened';
    else if (char === ';') return 'it holds a semicolon: one condition is allowed';
    else if (char === '#' || text.startsWith('--', at) || text.startsWith('/*', at)) return 'it holds a comment';
    else if (char === '?' || char === '$' || char === '\\' || char === '\0') return `it holds ${JSON.stringify(char)}`;
  }
  return depth === 0 ? undefined : 'a parenthesis is never closed';
}
