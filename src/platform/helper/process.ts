/**
 * The helper process: starts programs for main and reports how they end. It knows nothing of why.
 *
 * It lives as long as its channel to main: signals for everybody in the house are left to main, and when main is gone, however it ended, it ends
 * what it started and then itself.
 */
import type { Order, Report } from './messages.ts';
import { type Program, startProgram } from './program.ts';

const running = new Set<Program>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.title = 'gatehouse-helper';
process.on('message', (order: Order) => void carryOut(order));
process.on('disconnect', () => {
  for (const program of running) program.stop();
});

async function carryOut({ id, run }: Order): Promise<void> {
  let program: Program;
  try {
    program = await startProgram(run);
  } catch (error) {
    report({ id, failure: (error as NodeJS.ErrnoException).code ?? (error as Error).message });
    return;
  }
  running.add(program);
  report({ id, started: program.pid });
  if (!process.connected) program.stop();
  const result = await program.ended;
  running.delete(program);
  report({ id, result });
}

/** When main is gone meanwhile, `disconnect` tells it; that nobody hears this is no fault. */
function report(report: Report): void {
  if (process.connected) process.send!(report, undefined, undefined, () => {});
}
