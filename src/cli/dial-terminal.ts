/** The terminal of the person on a connected line: what is typed goes out, what comes is printed as it is. Ctrl-] ends it. */
import type { Io } from './io.ts';

const ENOUGH = 0x1d;

export interface Far {
  write(bytes: Uint8Array): void;
  listen(onBytes: ((bytes: Buffer) => void) | undefined): void;
  readonly ended: AbortSignal;
}

export async function lineTerminal(io: Io, line: Far, rest: string, signal: AbortSignal): Promise<void> {
  io.notice('this terminal has the line; Ctrl-] gives it back\n');
  io.notice(rest);
  const text = new TextDecoder();
  line.listen((bytes) => io.notice(text.decode(bytes, { stream: true })));
  io.input.setRawMode?.(true);
  const over = AbortSignal.any([line.ended, signal]);
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const end = () => resolve(undefined);
  over.addEventListener('abort', end);
  if (over.aborted) end();
  const keys = io.input[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([keys.next(), ended]);
      if (next === undefined || next.done) break;
      const typed = Buffer.from(next.value);
      const at = typed.indexOf(ENOUGH);
      line.write(at < 0 ? typed : typed.subarray(0, at));
      if (at >= 0) break;
    }
    // Whoever pipes a text in still wants the answer.
    if (!io.terminal.input) await ended;
  } finally {
    over.removeEventListener('abort', end);
    io.input.setRawMode?.(false);
    line.listen(undefined);
    io.notice('\n');
  }
}
