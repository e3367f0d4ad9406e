/**
 * Changes of the message's text by expression: what is looked at is the message as the changes before have left it, headers that were
 * added apart; what is changed are lines of headers, or the body.
 *
 * Via, Call-ID, CSeq and Content-Length are not looked at: changed, they would lead the answers astray. A change after which a header line
 * would be none is not made.
 */
import { Header } from '../../message/header-names.ts';
import type { Run } from '../../run.ts';
import { Pattern } from '../../script/pattern.ts';
import { MOST_STEPS, PatternPlaces, type Place } from '../../script/pattern-places.ts';
import type { PatternOptions } from '../../script/pattern-tree.ts';
import { LONGEST_TEXT } from '../../script/values/types.ts';
import { currentLine } from './headers.ts';

const KEPT = new Set([Header.via, Header.callId, Header.cseq, Header.contentLength]);
const HEADER_LINES = /^(?:[\w!%*+.'`~-]+[ \t]*:[^\r\n]*\r\n)*$/;
/** That many places are changed at most, the first ones, fewer where finding them costs more than MOST_STEPS: so that no text makes it slow. */
const MOST_PLACES = 100;

/** What stands in a place afterwards. */
export type Replacement = (run: Run, text: string, place: Place) => string;

export class Rewriting {
  readonly #pattern: Pattern;
  readonly #places: PatternPlaces;
  readonly #most: number;
  readonly #replacement: Replacement;

  constructor(expression: string, options: PatternOptions, all: boolean, replacement: Replacement) {
    this.#pattern = new Pattern(expression, options);
    this.#places = new PatternPlaces(expression, options);
    this.#most = all ? MOST_PLACES : 1;
    this.#replacement = replacement;
  }

  /** The text changed; undefined: there is no such place. */
  text(run: Run, text: string): string | undefined {
    const places = this.#all(text);
    if (places.length === 0) return undefined;
    let made = '';
    let copied = 0;
    for (const place of places) {
      made += text.slice(copied, place[0]) + this.#replacement(run, text, place);
      copied = place[1]!;
    }
    return made + text.slice(copied);
  }

  /** 1, or -1 where nothing was changed; the same for `headers`. */
  body(run: Run): number {
    const made = this.text(run, run.edits.body ?? run.message.body);
    if (made === undefined || made.length > LONGEST_TEXT) return -1;
    run.edits.setBody(run.message, made);
    return 1;
  }

  headers(run: Run): number {
    const { message, edits } = run;
    let text = '';
    /** Of each line: where it ends in `text`, and its index in the message. */
    const ends: number[] = [];
    const indexes: number[] = [];
    for (let index = 0; index < message.headerCount; index++) {
      const line = KEPT.has(message.idAt(index)) ? '' : currentLine(run, index);
      if (line === '') continue;
      text += line;
      ends.push(text.length);
      indexes.push(index);
    }
    const changed = new Map<number, string>();
    let first = -1;
    let last = -1;
    let made = '';
    let copied = 0;
    const finish = () => {
      if (first < 0) return;
      changed.set(first, (made + text.slice(copied, ends[last])).replace(/\r?\n/g, '\r\n'));
      for (let line = first + 1; line <= last; line++) changed.set(line, '');
    };
    for (const place of this.#all(text)) {
      const [from, to] = place as [number, number];
      const line = ends.findIndex((end) => end > from);
      if (line < 0) break; // behind the last one
      if (line > last) {
        finish();
        first = line;
        made = '';
        copied = ends[line - 1] ?? 0;
      }
      made += text.slice(copied, from) + this.#replacement(run, text, place);
      copied = to;
      last = ends.findIndex((end) => end >= Math.max(to, from + 1));
    }
    finish();
    for (const line of changed.values()) if (!HEADER_LINES.test(line) || line.length > LONGEST_TEXT) return -1;
    for (const [line, value] of changed) edits.replace(indexes[line]!, value);
    return changed.size > 0 ? 1 : -1;
  }

  #all(text: string): readonly Place[] {
    if (!this.#pattern.test(text)) return [];
    const all: Place[] = [];
    const purse = { steps: MOST_STEPS };
    let from = 0;
    while (all.length < this.#most && from <= text.length) {
      const place = this.#places.find(text, from, purse);
      if (place === undefined) break;
      all.push(place);
      from = Math.max(place[1]!, place[0]! + 1);
    }
    return all;
  }
}
