/**
 * CSV as spreadsheets write it (RFC 4180), read from a stream: fields may be quoted, quotes are doubled, and a quoted field may
 * hold line ends. UTF-8, a byte order mark is skipped; what is not UTF-8 (Latin-1, say) is a fault of its line. A record longer than 64 KiB is a fault of its line.
 */
export interface CsvRecord {
  /** The line on which the record begins, from 1. */
  line: number;
  fields: string[];
  fault?: string;
}

const MAX_RECORD = 64 * 1024;
/** What the decoder puts in the place of wrong bytes; in a right file it would tell of an earlier wrong conversion. */
const NOT_UTF8 = '\ufffd';

export async function* csvRecords(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<CsvRecord> {
  const decoder = new TextDecoder('utf-8');
  const reader = new CsvReader();
  for await (const piece of input) {
    yield* reader.take(typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true }));
  }
  yield* reader.take(decoder.decode());
  yield* reader.end();
}

class CsvReader {
  #line = 1;
  #start = 1;
  #fields: string[] = [];
  #field = '';
  #size = 0;
  #fault: string | undefined;
  /** `after`: behind the closing quote, where only a comma or a line end may follow, or a second quote. */
  #state: 'plain' | 'quoted' | 'after' = 'plain';

  *take(text: string): Generator<CsvRecord> {
    for (const char of text) {
      if (char === '\n') {
        this.#line++;
        // An unclosed quote must not swallow the rest of the file.
        if (this.#state !== 'quoted' || this.#size > MAX_RECORD) {
          yield* this.#record();
          continue;
        }
      }
      this.#character(char);
    }
  }

  *end(): Generator<CsvRecord> {
    if (this.#state === 'quoted') this.#fault = 'the quote is never closed';
    yield* this.#record();
  }

  #character(char: string): void {
    if (char === NOT_UTF8) this.#fault ??= 'it is not UTF-8; save the file as UTF-8';
    if (++this.#size > MAX_RECORD) {
      this.#fault ??= `longer than ${MAX_RECORD} characters`;
      return;
    }
    if (this.#state === 'quoted') {
      if (char === '"') this.#state = 'after';
      else this.#field += char;
    } else if (char === ',') this.#next();
    else if (char === '"' && this.#state === 'after') {
      this.#field += char;
      this.#state = 'quoted';
    } else if (char === '"' && this.#field === '') this.#state = 'quoted';
    else if (this.#state === 'after' && char !== '\r') this.#fault ??= 'text behind a closing quote';
    else this.#field += char;
  }

  #next(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#state = 'plain';
  }

  *#record(): Generator<CsvRecord> {
    if (this.#field.endsWith('\r')) this.#field = this.#field.slice(0, -1);
    this.#next();
    const record: CsvRecord = { line: this.#start, fields: this.#fields };
    if (this.#fault !== undefined) record.fault = this.#fault;
    const empty = this.#fields.length === 1 && this.#fields[0] === '' && this.#fault === undefined;
    this.#start = this.#line;
    this.#fields = [];
    this.#size = 0;
    this.#fault = undefined;
    if (!empty) yield record;
  }
}

/** One line without its end. A field that a spreadsheet would take for a formula is written as it is, but quoted. */
export function csvLine(fields: readonly string[]): string {
  return fields
    .map((field) => (/[",\r\n]|^[=+\-@]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(',');
}
