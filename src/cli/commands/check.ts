/** `gatehouse check [FILE]`: what `up` would find and decide, without starting anything. */
import { renderProblem } from '../../platform/problems.ts';
import type { Context } from '../context.ts';
import { answer, startOptions } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, file: string | undefined): Promise<ExitCode> {
  const { check } = await context.parts();
  const report = await check({ ...startOptions(context), ...(file === undefined ? {} : { file }) });
  const errors = report.problems.filter((problem) => problem.severity === 'error').length;
  const warnings = report.problems.length - errors;
  answer(context, { ok: errors === 0, ...report }, () => {
    const { io } = context;
    const order = report.problems.toSorted(
      (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
    );
    const problems = order.map((one) =>
      renderProblem(one, (text, severity) => io.paint(severity === 'error' ? 'red' : 'yellow', text)),
    );
    const width = Math.max(0, ...report.decisions.map(({ what }) => what.length));
    const decisions = report.decisions.map(
      ({ what, value, where }) => `  ${what.padEnd(width)}  ${value}${where ? io.paint('gray', `  (${where})`) : ''}`,
    );
    const verdict = `${report.file}: ${errors === 0 ? 'no errors' : counted(errors, 'error')}${warnings ? `, ${counted(warnings, 'warning')}` : ''}`;
    return [...problems, ...decisions, io.paint(errors === 0 ? 'green' : 'red', verdict)].join('\n');
  });
  return errors === 0 ? EXIT.ok : EXIT.checkFailed;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
