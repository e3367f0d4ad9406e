/** Runs one command line of gatehouse and gives its exit status. */
import { CommanderError } from 'commander';
import { GatehouseError } from '../platform/errors.ts';
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
  const json = args.includes('--json');
  // What commander says of a wrong command line is for people; programs get it as an error like any other.
  const complain = json ? () => {} : io.err;
  try {
    await buildProgram({ io, complain, parts, finished }).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Help and version end this way too, with 0; commander has printed what there is to say.
    if (!(error instanceof CommanderError)) return reportError(io, error, json);
    if (error.exitCode === 0) return EXIT.ok;
    return json ? reportError(io, commandLineError(error), json) : EXIT.usage;
  }
}

function commandLineError({ code, message }: CommanderError): GatehouseError {
  const said = code === 'commander.help' ? 'there is no command' : message.replace(/^error: /, '').split('\n', 1)[0]!;
  return new GatehouseError('COMMAND_LINE', said, { hint: 'see: gatehouse --help' });
}
