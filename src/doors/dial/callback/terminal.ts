/**
 * A person or a script at the far end of a line, as a dialogue talks to it: texts go out, lines come in.
 *
 * Whatever ends a line there (CR, LF, CR LF) ends it here; what is typed is echoed, as a terminal expects it, unless it is a secret.
 * Backspace and delete take back a character, ^U all of them; other control characters are dropped. What comes before it is asked for
 * waits, so that a script may be ahead of its prompts. Times in milliseconds.
 */
import type { Host } from '../line/types.ts';

export interface Question {
  readonly prompt: string;
  /** False: of secrets nothing is shown. */
  readonly echo: boolean;
  readonly timeoutMs: number;
}

/** Longer than any name, password or code; who sends more is no person, and no script of ours. */
const LONGEST = 512;
const MOST_WAITING = 4_096;
const [BACKSPACE, LF, CR, KILL, DELETE] = [0x08, 0x0a, 0x0d, 0x15, 0x7f];
const TAKE_BACK = Buffer.from('\b \b');
const LINE_END = Buffer.from('\r\n');

export class Terminal {
  readonly #host: Host;
  readonly #ended: AbortSignal;
  #waiting = Buffer.alloc(0);
  #afterCr = false;
  #wake: (() => void) | undefined;

  /** `ended`: nobody is there any more. */
  constructor(host: Host, ended: AbortSignal) {
    this.#host = host;
    this.#ended = ended;
    host.listen((bytes) => {
      const room = MOST_WAITING - this.#waiting.length;
      if (room > 0) this.#waiting = Buffer.concat([this.#waiting, bytes.subarray(0, room)]);
      this.#wake?.();
    });
  }

  /** Control characters stay out: a name that is shown again must not move a cursor. */
  say(text: string): void {
    if (this.#ended.aborted) return;
    this.#host.write(Buffer.from(text.replace(/[^\P{Cc}\r\n\t\b]/gu, '?').replace(/\r?\n/g, '\r\n')));
  }

  /** Undefined: nothing was said in time, too much was said, or nobody is there any more. */
  async ask({ prompt, echo, timeoutMs }: Question): Promise<string | undefined> {
    this.say(prompt);
    const typed: number[] = [];
    const time = { over: false };
    const timer = setTimeout(() => {
      time.over = true;
      this.#wake?.();
    }, timeoutMs);
    const onEnd = () => this.#wake?.();
    this.#ended.addEventListener('abort', onEnd);
    try {
      while (!time.over && !this.#ended.aborted) {
        const line = this.#take(typed, echo);
        if (line !== undefined) return line;
        if (typed.length > LONGEST) return undefined;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      return undefined;
    } finally {
      this.#wake = undefined;
      clearTimeout(timer);
      this.#ended.removeEventListener('abort', onEnd);
    }
  }

  /** From now on others read what comes. */
  letGo(): void {
    this.#host.listen(undefined);
  }

  /** The line, when it is whole. */
  #take(typed: number[], echo: boolean): string | undefined {
    const bytes = this.#waiting;
    const shown: Buffer[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      const wasCr = this.#afterCr;
      this.#afterCr = byte === CR;
      if (byte === LF && wasCr) continue;
      if (byte === CR || byte === LF) {
        this.#waiting = bytes.subarray(at + 1);
        this.#write([...shown, LINE_END]);
        return Buffer.from(typed).toString();
      }
      const back = byte === KILL ? typed.length : byte === BACKSPACE || byte === DELETE ? Math.min(1, typed.length) : 0;
      if (back > 0) {
        typed.length -= back;
        if (echo) for (let i = 0; i < back; i++) shown.push(TAKE_BACK);
      }
      if (byte < 0x20 || byte === DELETE) continue;
      if (typed.push(byte) > LONGEST) break;
      if (echo) shown.push(Buffer.of(byte));
    }
    this.#waiting = Buffer.alloc(0);
    this.#write(shown);
    return undefined;
  }

  #write(shown: readonly Buffer[]): void {
    if (shown.length > 0 && !this.#ended.aborted) this.#host.write(Buffer.concat(shown));
  }
}
