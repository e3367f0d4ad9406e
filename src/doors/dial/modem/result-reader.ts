/**
 * What a modem says in command state, line by line: only whole lines count, and the LF behind the CR of the last line belongs to it.
 * Source: V.250 section 5.7.1.
 */

const CR = 13;
const LF = 10;
/** A line that never ends is noise. */
const LONGEST = 512;
/** So much is kept of what came back, for messages. */
const SHOWN = 160;

export class ResultReader {
  #line = '';
  #afterCr = false;
  #seen = '';

  /** What came since `forget`, in printable form. */
  get seen(): string {
    return printable(this.#seen);
  }

  /** For a new command: what came before is no answer to it. */
  forget(): void {
    this.#line = '';
    this.#seen = '';
  }

  /** The last line ended with a CR: a LF that comes next belongs to it. */
  get awaitsLineFeed(): boolean {
    return this.#afterCr;
  }

  /** Gives each whole line to `onLine`; when that says 'stop', the rest of the bytes is no longer the modem's and is returned. */
  read(bytes: Buffer, onLine: (line: string) => 'stop' | undefined): Buffer | undefined {
    if (this.#seen.length < SHOWN) this.#seen += bytes.toString('latin1', 0, SHOWN - this.#seen.length);
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      if (byte === LF && this.#afterCr) {
        this.#afterCr = false;
        continue;
      }
      this.#afterCr = byte === CR;
      if (byte !== CR && byte !== LF) {
        if (this.#line.length < LONGEST) this.#line += String.fromCharCode(byte);
        continue;
      }
      const line = this.#line.trim();
      this.#line = '';
      if (line !== '' && onLine(line) === 'stop') return bytes.subarray(at + 1);
    }
    return undefined;
  }
}

export function printable(text: string): string {
  const named: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\\': '\\\\' };
  return text.replaceAll(
    /[^ -[\]-~]/g,
    (char) => named[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
