/**
 * The helper process: starts programs for main and reports how they end. It knows nothing of why.
 *
 * It lives as long as its channel to main: signals for everybody in the house are left to main, and when main is gone, however it ended, it ends
 * what it started and then itself.
 */
import type { Order, Report } from './messages.ts';
import { type Program, startProgram } from './program.ts';
import type { ProgramRun } from './types.ts';

/** Undefined: it is being started. */
const running = new Map<number, Program | undefined>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.title = 'gatehouse-helper';
process.on('message', (order: Order) => {
  if ('run' in order) void carryOut(order.id, order.run);
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
    program = await startProgram(run);
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

/** Resolves when it is on its way. When main is gone meanwhile, `disconnect` tells it; that nobody hears this is no fault. */
function report(report: Report): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send!(report, undefined, undefined, () => resolve());
    else resolve();
  });
}
