/** Runs one command line of gatehouse and gives its exit status. */
import { CommanderError } from 'commander';
import type { Parts } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';
import { reportError } from './report.ts';

export async function runGatehouse(
  args: readonly string[],
  io: Io,
  parts: () => Promise<Parts>,
): Promise<ExitCode | 130> {
  let code: ExitCode = EXIT.ok;
  const finished = (given: ExitCode) => {
    code = given;
  };
  try {
    await buildProgram({ io, parts, finished }).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Help and version end this way too, with 0; commander has printed what there is to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(io, error, args.includes('--json'));
  }
}
