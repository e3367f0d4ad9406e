/**
 * The administrator's programs, BinAuth and PreAuth: run one file with its arguments, no shell, a small environment, a deadline.
 */
import { programEnvironment } from '../../platform/helper/environment.ts';
import { ANY, type Permit, type PermittedWord } from '../../platform/helper/permit.ts';
import type { ProgramRun } from '../../platform/helper/types.ts';

const DEADLINE_MS = 30_000;

/** With `words` first, whatever clients wrote after them. */
export function programPermit([file = '', ...first]: readonly string[], words: readonly PermittedWord[]): Permit {
  return { file, args: [...first, ...words], rest: ANY, env: programEnvironment() };
}

/** `command`: the file, or what runs it, its own arguments, and the file. What no environment can hold is left out of `more`. */
export function programRun(
  command: readonly string[],
  args: readonly string[],
  more: Readonly<Record<string, string>>,
  maxOutputBytes: number,
): ProgramRun {
  const [file = '', ...first] = command;
  return { file, args: [...first, ...args], env: programEnvironment(more), timeoutMs: DEADLINE_MS, maxOutputBytes };
}
