/** Statements with a `?` for each value, in the form that a driver wants them: names and texts in quotes stay as they are. */

const QUOTED_OR_HOLE = /"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\?/g;

/** `form` gives what stands for the value of that number, counted from 0. */
export function fillHoles(sql: string, form: (index: number) => string): string {
  let index = 0;
  return sql.replace(QUOTED_OR_HOLE, (found) => (found === '?' ? form(index++) : found));
}
