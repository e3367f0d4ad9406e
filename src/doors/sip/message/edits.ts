/**
 * Changes to the headers of a message that is passed on, kept apart from the message itself so that it need not be copied.
 * Header lines are named by their index in the message.
 */
export class Edits {
  /** Lines (with CRLF) to put below our Via: Record-Route, Route, Max-Forwards. */
  top = '';
  /** Lines (with CRLF) to append after the last header. */
  bottom = '';
  /** By index: the replacement line with CRLF, '' to remove it. */
  lines: (string | undefined)[] | undefined;

  remove(index: number): void {
    this.replace(index, '');
  }

  replace(index: number, line: string): void {
    this.lines ??= [];
    this.lines[index] = line;
  }

  removed(index: number): boolean {
    return this.lines?.[index] === '';
  }
}
