/**
 * Where a password comes from: the argument, the first line of standard input, or a prompt without echo (on standard
 * error, so that standard output stays clean).
 *
 * Errors: PASSWORD_MISSING, PASSWORD_MISMATCH.
 */
import { GatehouseError } from '../platform/errors.ts';
import type { Io } from './io.ts';
import { Interrupted } from './report.ts';

/** More than any password may have; whoever sends more is not sending one. */
const MAX_LENGTH = 4096;

export async function newPassword(io: Io, given: string | undefined, fromStdin: boolean): Promise<string> {
  if (given !== undefined) return given;
  if (fromStdin) return firstLine(io);
  if (!io.terminal.input) {
    throw new GatehouseError('PASSWORD_MISSING', 'there is no password and no terminal to ask at', {
      hint: 'pipe it in with --password-stdin, or give it after the login',
    });
  }
  const ask = hiddenAsker(io);
  const password = await ask('Password: ');
  if ((await ask('Once more: ')) === password) return password;
  throw new GatehouseError('PASSWORD_MISMATCH', 'the two passwords are not the same');
}

/** One that is there already: asked for once at a terminal, else the first line of standard input. */
export async function knownPassword(io: Io, prompt: string): Promise<string> {
  return io.terminal.input ? hiddenAsker(io)(prompt) : firstLine(io);
}

async function firstLine(io: Io): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of io.input) {
    const bytes = Buffer.from(piece as Uint8Array);
    const end = bytes.indexOf(10);
    pieces.push(end < 0 ? bytes : bytes.subarray(0, end));
    size += bytes.length;
    if (end >= 0 || size > MAX_LENGTH) break;
  }
  return Buffer.concat(pieces).toString('utf8').replace(/\r$/, '');
}

/** Asks at the terminal, by default without showing what is typed. One asker serves all questions of a command: a paste may answer two. */
export function hiddenAsker(io: Io): (prompt: string, hidden?: boolean) => Promise<string> {
  const decoder = new TextDecoder();
  let reader: AsyncIterator<Uint8Array | string> | undefined;
  let typed: string[] = [];

  return async function ask(prompt, hidden = true) {
    io.notice(prompt);
    if (hidden) io.input.setRawMode?.(true);
    try {
      return await line();
    } finally {
      if (hidden) {
        io.input.setRawMode?.(false);
        io.notice('\n');
      }
    }
  };

  async function line(): Promise<string> {
    const chars: string[] = [];
    for (;;) {
      const char = typed.shift() ?? (await more());
      if (char === undefined || char === '\r' || char === '\n') return chars.join('');
      if (char === '\x03' || (char === '\x04' && chars.length === 0)) throw new Interrupted();
      if (char === '\x15') chars.length = 0;
      else if (char === '\x7f' || char === '\b') chars.pop();
      else if (char >= ' ' && chars.length < MAX_LENGTH) chars.push(char);
    }
  }

  async function more(): Promise<string | undefined> {
    // Not `for await`: leaving that would destroy standard input before the second question.
    reader ??= io.input[Symbol.asyncIterator]();
    do {
      const { value, done } = await reader.next();
      if (done) return undefined;
      typed = [
        ...(typeof value === 'string' ? value : decoder.decode(value, { stream: true })).replaceAll('\r\n', '\n'),
      ];
    } while (typed.length === 0);
    return typed.shift();
  }
}
