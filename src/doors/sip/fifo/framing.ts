/**
 * Cuts what is written into the FIFO into commands: `:name:reply fifo`, a line for each argument, an empty line.
 *
 * A command is whole when it has all arguments it can take, as in SER, whose clients often leave the empty line out; after a pause,
 * when it has those it needs. An argument in quotes may hold line breaks (OpenSER). Lines that belong to no command are skipped up to
 * the next line that begins with a colon. Bounds: 64 KiB for a command; what is longer is skipped.
 */
import type { Command } from '../management/command.ts';
import { countOf } from '../management/command.ts';

export interface Request {
  readonly name: string;
  /** Name of the reply fifo as it was written, '' = none is wanted. */
  readonly reply: string;
  readonly args: readonly string[];
}

const MAX_CHARACTERS = 65_536;
const HEAD = /^:([^:\s]{1,64}):([^:\s]{0,255})\s*$/;
/** What stands for a socket where OpenSER has one and SER the first header. */
const SOCKET = /^(\.|(udp|tcp|tls):\S+)$/;
const CRLF = '\r\n';

interface Begun {
  readonly name: string;
  readonly reply: string;
  readonly least: number;
  readonly most: number;
  /** SER's form of a SIP request: which part is being read. Undefined: one argument a line. */
  part: 'start' | 'headers' | 'body' | undefined;
  readonly args: string[];
  /** Lines of headers or body so far, or of an argument in quotes. */
  lines: string[];
  quoted: boolean;
  size: number;
}

export class Framing {
  readonly #find: (name: string) => Command | undefined;
  #rest = '';
  #begun: Begun | undefined;
  /** A line is too long: it is skipped to its end. */
  #skips = false;
  /** Pieces that were no command. */
  faults = 0;

  constructor(find: (name: string) => Command | undefined) {
    this.#find = find;
  }

  /** Something of a command has come, and it is not whole. */
  get waits(): boolean {
    return this.#begun !== undefined || this.#rest !== '';
  }

  *feed(text: string): Generator<Request> {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = this.#rest + text.slice(from, end);
      from = end + 1;
      this.#rest = '';
      const skipped = this.#skips;
      this.#skips = false;
      if (!skipped) yield* this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
    }
    this.#rest += text.slice(from);
    if (this.#rest.length <= MAX_CHARACTERS) return;
    this.#rest = '';
    this.#skips = true;
    this.#drop();
  }

  /** Nothing came for a while: whoever was writing has said all, or has gone. */
  *pause(): Generator<Request> {
    if (this.#rest !== '') yield* this.feed('\n');
    const begun = this.#begun;
    if (begun === undefined) return;
    if (begun.part === undefined && !begun.quoted && begun.args.length >= begun.least) yield this.#whole(begun);
    else this.#drop();
  }

  *#line(line: string): Generator<Request> {
    const begun = this.#begun;
    if (begun === undefined) {
      yield* this.#head(line);
      return;
    }
    begun.size += line.length + 1;
    if (begun.size > MAX_CHARACTERS) {
      this.#drop();
      return;
    }
    if (this.#take(begun, line)) yield this.#whole(begun);
  }

  *#head(line: string): Generator<Request> {
    const [, name, reply] = HEAD.exec(line) ?? [];
    if (name === undefined || reply === undefined) {
      if (line.startsWith(':')) this.faults++;
      return;
    }
    const command = this.#find(name);
    // Of an unknown one the arguments are skipped like anything that is no command.
    const { least, most } = command ? countOf(command) : { least: 0, most: 0 };
    const part = command?.takesRequest ? 'start' : undefined;
    const begun: Begun = { name, reply, least, most, part, args: [], lines: [], quoted: false, size: line.length };
    if (most === 0) yield this.#whole(begun);
    else this.#begun = begun;
  }

  /** True: the command is whole. */
  #take(begun: Begun, line: string): boolean {
    if (begun.quoted || (line.startsWith('"') && begun.part !== 'body')) return this.#takeQuoted(begun, line);
    if (begun.part !== undefined) return this.#takeRequestLine(begun, line);
    if (line === '') return true;
    begun.args.push(line);
    return begun.args.length === begun.most;
  }

  #takeQuoted(begun: Begun, line: string): boolean {
    // Only OpenSER quotes: the line before was the socket, not SER's first header.
    if (begun.part === 'headers') begun.args.push(begun.lines.pop() ?? '.');
    begun.part = undefined;
    const text = begun.quoted ? line : line.slice(1);
    begun.quoted = !text.endsWith('"');
    begun.lines.push(begun.quoted ? text : text.slice(0, -1));
    if (begun.quoted) return false;
    begun.args.push(begun.lines.join('\n'));
    begun.lines = [];
    return begun.args.length === begun.most;
  }

  /** Method, URI, next hop; headers up to `.`; body up to `.`. */
  #takeRequestLine(begun: Begun, line: string): boolean {
    if (begun.part === 'start') {
      begun.args.push(line);
      if (begun.args.length === 3) begun.part = 'headers';
      return false;
    }
    if (begun.part === 'headers' && begun.lines.length === 0 && SOCKET.test(line)) {
      begun.lines.push(line);
      return false;
    }
    if (line !== '.') {
      begun.lines.push(line);
      return false;
    }
    if (begun.part === 'headers') {
      begun.args.push('.', begun.lines.join(CRLF));
      begun.lines = [];
      begun.part = 'body';
      return false;
    }
    begun.args.push(begun.lines.map((one) => one + CRLF).join(''));
    return true;
  }

  #whole({ name, reply, args }: Begun): Request {
    this.#begun = undefined;
    return { name, reply, args };
  }

  #drop(): void {
    this.#begun = undefined;
    this.faults++;
  }
}
