/**
 * The SQL statement of avp_db_query, read once: what a message brings is never part of its text, only a value for a `?`.
 *
 * A variable outside of quotes is a value, and a text in quotes that has variables in it is one as a whole: `LIKE '%$rU%'`. So a statement
 * means the same whatever is called. What would make it doubtful where a quoted text ends (comments, backslashes) is refused.
 */
import { cutText } from '../../script/values/format.ts';

/** Variables by their names, and texts between them. */
export interface Hole {
  readonly parts: readonly { readonly text: string; readonly variable: boolean }[];
  /** Its value is a text; else it may be a number, or NULL. */
  readonly quoted: boolean;
}

export interface Statement {
  /** With a `?` for each hole. */
  readonly sql: string;
  readonly holes: readonly Hole[];
  /** It gives rows. */
  readonly reads: boolean;
}

/** Rows of an answer, where the statement does not say. */
export const MOST_ROWS = 64;

const VERB = /^\s*(select|insert|update|delete|replace)\b/i;

/** A string is a complaint. */
export function readStatement(text: string): Statement | string {
  const reader = new Reader();
  for (const piece of cutText(text)) {
    const complaint = piece.variable ? reader.variable(piece.text) : reader.text(piece.text);
    if (complaint !== undefined) return complaint;
  }
  return reader.end();
}

class Reader {
  #sql = '';
  readonly #holes: Hole[] = [];
  /** The mark of the quoted text under way, '' = none, and what it holds so far. */
  #quote = '';
  #parts: { text: string; variable: boolean }[] = [];

  variable(name: string): string | undefined {
    const part = { text: name, variable: true };
    if (this.#quote === '`') return `has ${name} in a name, where only a value can stand`;
    if (this.#quote !== '') this.#parts.push(part);
    else {
      this.#sql += '?';
      this.#holes.push({ parts: [part], quoted: false });
    }
    return undefined;
  }

  text(text: string): string | undefined {
    for (let at = 0; at < text.length; at++) {
      const char = text[at]!;
      if (char === '\\' || char === '\0') return 'has a backslash; write a quote in a text twice';
      if (this.#quote === '') {
        const complaint = this.#plain(char, text.slice(at));
        if (complaint !== undefined) return complaint;
      } else if (char !== this.#quote) this.#parts.push({ text: char, variable: false });
      else if (text[at + 1] === char) {
        this.#parts.push({ text: char, variable: false });
        at++;
      } else this.#close();
    }
    return undefined;
  }

  #plain(char: string, rest: string): string | undefined {
    if (char === '?' || char === '#' || /^(--|\/\*)/.test(rest))
      return 'has a `?` or a comment, which a statement here cannot have';
    if (char === ';') return rest.trim() === ';' ? undefined : 'has a `;`: one statement at a time';
    if (char === '"' || char === "'" || char === '`') this.#quote = char;
    else this.#sql += char;
    return undefined;
  }

  #close(): void {
    const quote = this.#quote;
    const parts = this.#parts;
    this.#quote = '';
    this.#parts = [];
    if (parts.some(({ text, variable }) => variable || text === '?')) {
      this.#sql += '?';
      this.#holes.push({ parts, quoted: true });
    } else this.#sql += quote + parts.map(({ text }) => (text === quote ? quote + quote : text)).join('') + quote;
  }

  end(): Statement | string {
    if (this.#quote !== '') return `has a ${this.#quote} that is not closed`;
    const verb = VERB.exec(this.#sql)?.[1]?.toLowerCase();
    if (verb === undefined) return 'must begin with SELECT, INSERT, UPDATE, DELETE or REPLACE';
    if (/\bgh_/i.test(this.#sql)) return "names a table of Gatehouse's own, which scripts do not touch";
    const reads = verb === 'select';
    const bounded = !reads || /\b(limit|for\s+update)\b/i.test(this.#sql);
    return { sql: bounded ? this.#sql : `${this.#sql} LIMIT ${MOST_ROWS}`, holes: this.#holes, reads };
  }
}
