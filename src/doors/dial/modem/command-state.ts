/**
 * A modem in command state: commands and what they come to, and what it says by itself.
 *
 * Results are whole lines; what comes behind CONNECT is the other end's. RING is told apart from answers to commands. Units: milliseconds.
 */
import type { Line } from '../line/types.ts';
import { ResultReader } from './result-reader.ts';
import { callKind, isAnswer, isDone, isFinal } from './strings.ts';
import type { ModemStrings } from './types.ts';

type Outcome =
  | { readonly kind: 'result'; readonly result: string; readonly lines: readonly string[] }
  | { readonly kind: 'timed out'; readonly lines: readonly string[] }
  | { readonly kind: 'ring' | 'cancelled' | 'gone' };

export interface Wait {
  /** Not sent: waits for what comes by itself. */
  readonly command?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What a call comes to ends it as well. A NO CARRIER that comes while another command is under way is no answer to it. */
  readonly calls?: boolean;
}

/** Who waits for the end of a command, or for a call. */
interface Waiter {
  line(line: string): void;
  gone(): void;
}

/** Of an answer to a command. */
const MOST_LINES = 100;

export class CommandState {
  readonly #strings: ModemStrings;
  readonly #ringGapMs: number;
  readonly #onConnect: (said: string, early: Buffer) => void;
  readonly #reader = new ResultReader();
  #line: Line | undefined;
  #waiter: Waiter | undefined;
  #rings = 0;
  #lastRing = Number.NEGATIVE_INFINITY;
  #callerId: string | undefined;
  /** False: a CONNECT is what the other end of a call still says. */
  takesCalls = true;

  /** `onConnect`: a call is up, and these bytes of it came already; nothing is listened to from there on. */
  constructor(strings: ModemStrings, ringGapMs: number, onConnect: (said: string, early: Buffer) => void) {
    this.#strings = strings;
    this.#ringGapMs = ringGapMs;
    this.#onConnect = onConnect;
  }

  /** The modem is in command state on this line. */
  listen(line: Line): void {
    this.#line = line;
    this.#reader.forget();
    line.listen((bytes) => {
      let connect = '';
      const rest = this.#reader.read(bytes, (said) => {
        if (!this.takesCalls || callKind(said, this.#strings) !== 'connected') {
          this.#take(said);
          return undefined;
        }
        connect = said;
        return 'stop';
      });
      if (rest === undefined) return;
      this.#lastRing = Number.NEGATIVE_INFINITY;
      this.#onConnect(connect, rest);
      this.#waiter?.line(connect);
    });
  }

  /** The line is gone. */
  lose(): void {
    this.#waiter?.gone();
  }

  /** Somebody waits for what the modem says. */
  get isAwaited(): boolean {
    return this.#waiter !== undefined;
  }

  get isRinging(): boolean {
    return performance.now() - this.#lastRing < this.#ringGapMs;
  }

  /** Of the call that comes now; 0: none does. */
  get rings(): number {
    return this.isRinging ? this.#rings : 0;
  }

  get callerId(): string | undefined {
    return this.#callerId;
  }

  /** What came since the last command, in printable form. */
  get seen(): string {
    return this.#reader.seen;
  }

  /** A LF that comes next still ends the last line. */
  get awaitsLineFeed(): boolean {
    return this.#reader.awaitsLineFeed;
  }

  /** The next line, or the end. */
  somethingRings(end: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        end.removeEventListener('abort', go);
        this.#waiter = undefined;
        resolve();
      };
      this.#waiter = { line: go, gone: go };
      end.addEventListener('abort', go);
    });
  }

  /** One command, and what it came to. */
  wait({ command, timeoutMs, signal, calls = false }: Wait): Promise<Outcome> {
    const lines: string[] = [];
    return new Promise((resolve) => {
      const timer = setTimeout(() => done({ kind: 'timed out', lines }), timeoutMs);
      const cancel = () => done({ kind: 'cancelled' });
      const done = (outcome: Outcome) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
        this.#waiter = undefined;
        resolve(outcome);
      };
      if (signal?.aborted) return cancel();
      signal?.addEventListener('abort', cancel);
      this.#waiter = {
        gone: () => done({ kind: 'gone' }),
        line: (line) => {
          // It is late, and belongs to a command that was given up: whoever took it for the call's would leave a caller without an answer.
          if (calls && command !== undefined && isDone(line, this.#strings)) return;
          if (calls ? isFinal(line, this.#strings) : isAnswer(line, this.#strings))
            done({ kind: 'result', result: line, lines });
          else if (this.#isRing(line)) {
            if (calls && command?.startsWith(this.#strings.dial)) done({ kind: 'ring' });
          } else if (line !== command && lines.length < MOST_LINES) lines.push(line);
        },
      };
      if (command !== undefined) this.send(command);
    });
  }

  /** What it still had to say to earlier commands, and of the last call, comes before the value that is asked for here. False: it does not answer. */
  settle(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      let valueCame = false;
      const done = (settled: boolean) => {
        clearTimeout(timer);
        this.#waiter = undefined;
        resolve(settled);
      };
      const timer = setTimeout(() => done(false), timeoutMs);
      this.#waiter = {
        gone: () => done(false),
        line: (line) => {
          if (valueCame && isAnswer(line, this.#strings)) done(true);
          else valueCame ||= /^\d{1,3}$/.test(line);
        },
      };
      this.send('ATS0?');
    });
  }

  send(command: string): void {
    this.#reader.forget();
    this.#line!.write(Buffer.from(`${command}${this.#strings.lineEnd}`, 'latin1'));
  }

  #take(line: string): void {
    const number = /^NMBR\s*=\s*(\S.*)$|^\+CLIP:\s*"([^"]*)"/.exec(line);
    if (number) this.#callerId = number[1] ?? number[2];
    else if (this.#isRing(line)) this.#noteRing();
    this.#waiter?.line(line);
  }

  #isRing(line: string): boolean {
    return line === this.#strings.ring || line === 'RING';
  }

  #noteRing(): void {
    if (!this.isRinging) {
      this.#rings = 0;
      this.#callerId = undefined;
    }
    this.#rings += 1;
    this.#lastRing = performance.now();
  }
}
