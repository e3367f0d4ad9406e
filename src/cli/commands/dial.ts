/** `gatehouse dial ACCOUNT`: makes the call, or with `--check` shows what it would do. Ctrl-C ends it and puts everything back. */
import type { Dialling, Person } from '../../main.ts';
import { ProblemsError } from '../../platform/problems.ts';
import type { Context } from '../context.ts';
import { answer, openBook, warn } from '../context.ts';
import { lineTerminal } from '../dial-terminal.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../io.ts';
import { hiddenAsker } from '../password.ts';
import { Interrupted } from '../report.ts';

interface Options {
  check?: boolean;
  modem?: string;
  device?: string;
  verbose?: boolean;
}

type Plan = ReturnType<Dialling['plan']>;

export async function run(context: Context, account: string, options: Options): Promise<ExitCode> {
  const dialling = await openBook(context);
  const plan = dialling.plan(account, options);
  const faulty = plan.problems.some(({ severity }) => severity === 'error');
  if (faulty && !options.check) throw new ProblemsError('CONFIG_INVALID', plan.problems);
  warn(context, plan.problems);
  if (!options.check) return call(context, dialling, plan, options);
  const width = Math.max(...plan.steps.map(([what]) => what.length));
  answer(context, { account, steps: plan.steps, problems: plan.problems }, () =>
    plan.steps.map(([what, value]) => `${what.padEnd(width)}  ${printable(value)}`).join('\n'),
  );
  return faulty ? EXIT.checkFailed : EXIT.ok;
}

async function call(context: Context, dialling: Dialling, plan: Plan, { verbose = false }: Options): Promise<ExitCode> {
  const stop = new AbortController();
  const cancel = () => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, cancel);
  const started = Date.now();
  try {
    await dialling.call(plan, personAt(context, stop, verbose));
  } catch (error) {
    if (stop.signal.aborted && (error as { code?: string }).code === 'DIAL_CANCELLED') throw new Interrupted();
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, cancel);
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  answer(context, { account: plan.account, seconds }, () => `the call of ${plan.account} is over after ${seconds} s`);
  return EXIT.ok;
}

function personAt({ io, options }: Context, stop: AbortController, verbose: boolean): Person {
  const asker = hiddenAsker(io);
  return {
    signal: stop.signal,
    async ask({ label, hidden }) {
      if (!io.terminal.input) return undefined;
      try {
        return await asker(`${printable(label)} `, hidden);
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        stop.abort();
        return undefined;
      }
    },
    terminal: (line, rest) => lineTerminal(io, line, rest, stop.signal),
    progress: (text) => {
      if (!options.json) io.err(printable(text));
    },
    detail: (text) => {
      if (verbose && !options.json)
        for (const line of text.split(/[\r\n]+/)) if (line) io.err(`  | ${printable(line)}`);
    },
  };
}
