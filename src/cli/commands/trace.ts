/** `gatehouse trace ser.cfg MESSAGE`: what the script would do with one request, line by line, without a network. */
import type { TraceReport } from '../../main.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, startOptions } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { printable } from '../io.ts';
import { readText } from '../read-text.ts';

export async function run(
  context: Context,
  file: string,
  messageFile: string,
  { result = [] }: { result?: string[] } = {},
): Promise<ExitCode> {
  const { trace } = await context.parts();
  const message = await readText(context.io, messageFile, 'latin1');
  const results = new Map(result.map(readResult));
  const report = await trace({ ...startOptions(context), serCfg: file, message, results });
  answer(context, { ...report }, () => reportText(report, context.io));
  return EXIT.ok;
}

function readResult(text: string): [string, number] {
  const found = /^(\w+)=(-?\d{1,9})$/.exec(text);
  if (found) return [found[1]!, Number(found[2])];
  throw new GatehouseError('COMMAND_LINE', `--result takes NAME=NUMBER, not ${text}`, {
    hint: 'write for example --result lookup=-1',
  });
}

function reportText({ message, steps, said, sent, verdict }: TraceReport, io: Io): string {
  const width = Math.max(...steps.map(({ route, line }) => `${route}:${line}`.length), 0);
  const lines = steps.map(({ route, line, text, kind, result, values, assumed }) => {
    const shown = values.map(({ name, value }) => `${name} is ${value}`).join(', ');
    const gave =
      result === undefined
        ? 'waits'
        : kind === 'condition' && values.length > 0
          ? String(result > 0)
          : kind === 'assignment' && result > 0
            ? ''
            : String(result);
    const notes = [gave, shown, assumed ? 'assumed' : ''].filter((note) => note !== '').join('; ');
    return `${`${route}:${line}`.padEnd(width)}  ${printable(text)}  ${io.paint('gray', `-> ${printable(notes)}`)}`;
  });
  const blocks = [printable(message), ...lines, ...said.map((line) => `log: ${printable(line)}`)];
  const out = sent.length === 0 ? [] : [io.paint('bold', 'Sent'), ...sent.map((line) => `  ${printable(line)}`)];
  return [...blocks, ...out, io.paint('bold', `Verdict: ${verdict}`)].join('\n');
}
