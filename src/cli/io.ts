/** The world as a command sees it: texts in and out, and whether people or programs are at the other end. */
import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

export interface Io {
  /** Writes text and a newline to standard output; standard error for `err`. */
  out(text: string): void;
  err(text: string): void;
  /** Without a newline, to standard error: progress and prompts. */
  notice(text: string): void;
  readonly input: AsyncIterable<Uint8Array | string> & { setRawMode?(raw: boolean): unknown; pause?(): unknown };
  readonly terminal: { readonly input: boolean; readonly output: boolean; readonly error: boolean };
  readonly environment: NodeJS.ProcessEnv;
  /** Coloured when standard output is a terminal and nobody said NO_COLOR. */
  paint(format: Format, text: string): string;
  /** The same for standard error. */
  paintError(format: Format, text: string): string;
}

export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) {
    // The reader has gone (`gatehouse user list | head`): nothing more to say, and no fault.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
  const terminal = {
    input: process.stdin.isTTY === true,
    output: process.stdout.isTTY === true,
    error: process.stderr.isTTY === true,
  };
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    notice: (text) => void process.stderr.write(text),
    // A getter: only naming process.stdin opens it, and a closed one would be an error for commands that read nothing.
    get input() {
      return process.stdin;
    },
    terminal,
    environment: process.env,
    paint: painter(terminal.output),
    paintError: painter(terminal.error),
  };
}

/** Resolves when what was said has left: a long answer to a slow reader would be cut off by process.exit. */
export async function flushed(): Promise<void> {
  const left = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write('', () => resolve()));
  await Promise.all([left(process.stdout), left(process.stderr)]);
}

function painter(terminal: boolean): Io['paint'] {
  const coloured = terminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return (format, text) => (coloured ? styleText(format, text, { validateStream: false }) : text);
}

/** Text from the network or a file, safe for a terminal: no control characters. */
export function printable(text: string): string {
  return text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\u00b7');
}
