/**
 * The helper process: starts programs for main and reports how they end. It knows nothing of why.
 *
 * Once it has a list it starts nothing that is not in it, whatever main says, and tells of that itself, on standard error.
 *
 * It lives as long as its channel to main: signals for everybody in the house are left to main, and when main is gone, however it ended, it ends
 * what it started and then itself.
 */
import { systemClock } from '../clock.ts';
import { Seldom } from '../seldom.ts';
import type { Order, Report } from './messages.ts';
import { judge, type PermitList } from './permit.ts';
import { type Program, startProgram } from './program.ts';
import { faultOf } from './request.ts';
import type { ProgramRun } from './types.ts';

/** Undefined: whoever asks may do the same without us. */
let permitted: PermitList | undefined;
/** Main keeps to less: more is asked by somebody else in its place. */
const MOST_RUNNING = 256;
/** Undefined: it is being started. */
const running = new Map<number, Program | undefined>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.title = 'gatehouse-helper';
process.on('message', (order: Order) => {
  if ('permitted' in order) permitted ??= order.permitted;
  else if ('run' in order) void carryOut(order.id, order.run);
  else stop(order.id);
});
process.on('disconnect', () => {
  for (const program of running.values()) program?.stop();
});

/** One that is not there yet is ended when it is. */
const unwanted = new Set<number>();

function stop(id: number): void {
  if (!running.has(id)) return;
  const program = running.get(id);
  if (program) program.stop();
  else unwanted.add(id);
}

async function carryOut(id: number, run: ProgramRun): Promise<void> {
  let program: Program;
  running.set(id, undefined);
  await report({ id, begins: true });
  if (!process.connected) return void running.delete(id);
  try {
    const judged = permitted ? allowed(run, permitted) : run;
    if (typeof judged === 'string') {
      running.delete(id);
      unwanted.delete(id);
      return void report({ id, refused: judged });
    }
    program = await startProgram(judged);
  } catch (error) {
    running.delete(id);
    unwanted.delete(id);
    void report({ id, failure: (error as NodeJS.ErrnoException).code ?? (error as Error).message });
    return;
  }
  running.set(id, program);
  void report({ id, started: program.pid });
  if (!process.connected || unwanted.delete(id)) program.stop();
  const result = await program.ended;
  running.delete(id);
  void report({ id, result });
}

const seldom = new Seldom(systemClock);

/** What is to be started, or why nothing is. */
function allowed(run: ProgramRun, list: PermitList): ProgramRun | string {
  const fault = running.size > MOST_RUNNING ? 'too many programs run' : faultOf(run);
  const judgement = fault === undefined ? judge(run, list) : { refused: fault };
  if ('run' in judgement) return judgement.run;
  if ('missing' in judgement) throw Object.assign(new Error(), { code: 'ENOENT' });
  // Main may not be itself any more, and keep quiet.
  if (seldom.due()) void tell(String(run.file), judgement.refused);
  return judgement.refused;
}

/** What writes a log is loaded for this alone. */
async function tell(file: string, why: string): Promise<void> {
  const { createLog } = await import('../log-pino.ts');
  createLog({ level: 'error' }).child('helper').error('a program was asked for and is not started', { file, why });
}

/** Resolves when it is on its way. When main is gone meanwhile, `disconnect` tells it; that nobody hears this is no fault. */
function report(report: Report): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send!(report, undefined, undefined, () => resolve());
    else resolve();
  });
}
