/** `gatehouse check [FILE]`: what `up` would find and decide, without starting anything. */
import type { CheckReport, Decision } from '../../main.ts';
import { inOrder, renderProblem } from '../../platform/problems.ts';
import type { Context } from '../context.ts';
import { answer, startOptions } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { printable } from '../io.ts';

export async function run(
  context: Context,
  file: string | undefined,
  { all = false }: { all?: boolean } = {},
): Promise<ExitCode> {
  const { check } = await context.parts();
  const report = await check({ ...startOptions(context), ...(file === undefined ? {} : { file }) });
  const errors = report.problems.filter((problem) => problem.severity === 'error').length;
  answer(context, { ok: errors === 0, ...report }, () => {
    const { io } = context;
    const blocks = [
      ...problemTexts(report, io),
      ...decisionTexts(report.decisions, all, io),
      verdict(report, errors, io),
    ];
    return blocks.join('\n\n');
  });
  return errors === 0 ? EXIT.ok : EXIT.checkFailed;
}

function problemTexts({ problems }: CheckReport, io: Io): string[] {
  return inOrder(problems).map((one) =>
    renderProblem(one, (text, severity) => io.paint(severity === 'error' ? 'red' : 'yellow', text)),
  );
}

/** First what listens and where the users are, then what the script sets; with `all` what it leaves at its default, too. */
function decisionTexts(decisions: readonly Decision[], all: boolean, io: Io): string[] {
  const script = decisions.filter(({ group }) => group === 'script');
  const set = script.filter(({ where }) => where !== undefined);
  const preset = script.filter(({ where }) => where === undefined);
  const blocks = [
    block(
      'Decided',
      decisions.filter(({ group }) => group === 'main'),
      io,
    ),
    block('Set in the script', set, io),
    all ? block('At their defaults', preset, io) : '',
  ];
  if (!all && preset.length > 0) blocks.push(io.paint('gray', `${preset.length} more have their defaults; see --all`));
  return blocks.filter((text) => text !== '');
}

function block(title: string, decisions: readonly Decision[], io: Io): string {
  if (decisions.length === 0) return '';
  const what = Math.max(...decisions.map((one) => one.what.length));
  const lines = decisions.map((one) => {
    const line = /:(\d+)$/.exec(one.where ?? '')?.[1];
    const why = [line && `line ${line}`, one.effect].filter(Boolean).join(': ');
    return `  ${one.what.padEnd(what)}  ${printable(one.value)}${why ? io.paint('gray', `  (${printable(why)})`) : ''}`;
  });
  return [io.paint('bold', title), ...lines].join('\n');
}

function verdict({ file, problems }: CheckReport, errors: number, io: Io): string {
  const warnings = problems.length - errors;
  const found = errors === 0 ? 'no errors' : counted(errors, 'error');
  const text = `${file}: ${found}${warnings ? `, ${counted(warnings, 'warning')}` : ''}`;
  return io.paint(errors === 0 ? 'green' : 'red', text);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
