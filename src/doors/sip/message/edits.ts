import { Header } from './header-names.ts';
import type { SipMessage } from './message.ts';

/**
 * Changes to the headers and the body of a message that is passed on, kept apart from the message itself so that it need not be copied.
 * Header lines are named by their index in the message.
 */
export class Edits {
  /** Lines (with CRLF) to put below our Via: Record-Route, Route, Max-Forwards. */
  top = '';
  /** Lines (with CRLF) to append after the last header. */
  bottom = '';
  /** By index: the replacement line with CRLF, '' to remove it. */
  lines: (string | undefined)[] | undefined;
  /** In place of the message's own; its length is said where the message goes on. */
  body: string | undefined;

  remove(index: number): void {
    this.replace(index, '');
  }

  replace(index: number, line: string): void {
    this.lines ??= [];
    this.lines[index] = line;
  }

  /** `message`: the one that these edits change. */
  setBody(message: SipMessage, body: string): void {
    this.body = body;
    for (let at = message.indexOf(Header.contentLength); at >= 0; at = message.indexOf(Header.contentLength, at + 1))
      this.remove(at);
  }

  removed(index: number): boolean {
    return this.lines?.[index] === '';
  }
}
