/**
 * The administrator's programs, BinAuth and PreAuth: run one file with its arguments, no shell, a small environment, a deadline.
 */
import { programEnvironment } from '../../platform/helper/environment.ts';
import type { ProgramRun } from '../../platform/helper/types.ts';

const DEADLINE_MS = 30_000;

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
