/** How a command that failed says so: one line and a hint on standard error, never a stack trace unless asked for. */
import { toWire } from '../core/control/wire.ts';
import { GatehouseError } from '../platform/errors.ts';
import { ProblemsError, renderProblem } from '../platform/problems.ts';
import type { ExitCode } from './exit-codes.ts';
import { exitCodeOf } from './exit-codes.ts';
import type { Io } from './io.ts';

/** The program was told to stop while it asked (Ctrl-C). */
export class Interrupted extends Error {}

export function reportError(io: Io, error: unknown, json: boolean): ExitCode | 130 {
  if (error instanceof Interrupted) return 130;
  if (json) io.err(JSON.stringify({ version: 1, error: jsonError(error) }));
  else io.err(errorText(io, error));
  if (io.environment.GATEHOUSE_DEBUG === '1' && error instanceof Error) io.err(debugText(error));
  return exitCodeOf(error);
}

function errorText(io: Io, error: unknown): string {
  if (error instanceof ProblemsError)
    return error.problems.map((problem) => renderProblem(problem, paintSeverity(io))).join('\n');
  if (error instanceof GatehouseError) return `${io.paintError('red', 'error:')} ${error.toText()}`;
  const message = error instanceof Error ? error.message : String(error);
  return `${io.paintError('red', 'unexpected error:')} ${message.split('\n', 1)[0]}\n  for details run it again with GATEHOUSE_DEBUG=1`;
}

export function paintSeverity(io: Io): (text: string, severity: 'error' | 'warning') => string {
  return (text, severity) => io.paintError(severity === 'error' ? 'red' : 'yellow', text);
}

function jsonError(error: unknown): Record<string, unknown> {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof GatehouseError ? { ...toWire(error) } : { code: 'INTERNAL', message };
}

function debugText(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${debugText(error.cause)}` : '';
  return `${error.stack}${cause}`;
}
