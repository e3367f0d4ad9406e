/** What a request may be at all: its types, since the helper does not believe main, and its bounds. */
import type { ProgramRun } from './types.ts';

const MOST_INPUT = 1 << 20;
const MOST_OUTPUT = 16 << 20;
/** Linux takes 128 KiB. */
const MOST_ARGUMENT_BYTES = 65_536;
const LONGEST_MS = 24 * 3_600_000;

/** Undefined: it can be. */
export function faultOf(run: ProgramRun): string | undefined {
  if (!isTyped(run)) return 'it is no request';
  const { file, args, env, cwd = '/', stdin, terminal, timeoutMs, maxOutputBytes } = run;
  if (file === '') return 'it has no name';
  for (const text of [file, ...args, ...Object.entries(env).flat(), cwd, terminal?.path ?? '']) {
    if (text.includes('\0')) return 'there is a NUL in an argument or a variable';
    if (Buffer.byteLength(text) > MOST_ARGUMENT_BYTES) return `an argument has more than ${MOST_ARGUMENT_BYTES} bytes`;
  }
  if (stdin !== undefined && stdin.length > MOST_INPUT) return `its input has more than ${MOST_INPUT} bytes`;
  if (!(maxOutputBytes >= 0 && maxOutputBytes <= MOST_OUTPUT)) return `no more than ${MOST_OUTPUT} bytes are kept`;
  return timeoutMs > 0 && timeoutMs <= LONGEST_MS ? undefined : `it runs for no longer than ${LONGEST_MS} ms`;
}

function isTyped(run: ProgramRun): boolean {
  const { file, args, env, cwd = '/', stdin, terminal, user, graceMs = 0, timeoutMs, maxOutputBytes } = run;
  return (
    [file, cwd, terminal?.path ?? '', terminal?.kind ?? ''].every(isText) &&
    Array.isArray(args) &&
    args.every(isText) &&
    typeof env === 'object' &&
    Object.values(env).every(isText) &&
    (stdin === undefined || stdin instanceof Uint8Array) &&
    [graceMs, timeoutMs, maxOutputBytes, user?.uid ?? 0, user?.gid ?? 0].every(Number.isFinite)
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
