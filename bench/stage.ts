/**
 * Where a measurement puts up its servers: all that it started ends with it, newest first, whether it comes to its end,
 * fails, or is stopped with Ctrl-C or SIGTERM.
 */
import type { Cleanup } from '../test/peers/cleanup.ts';
import { descendants, kill } from './processes.ts';

export interface Stage extends Cleanup {
  /** Throws when the measurement was stopped: to be called between its steps. */
  check(): void;
}

export async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const endings: (() => Promise<void>)[] = [];
  let stopped = false;
  const stage: Stage = {
    after: (ending) => void endings.push(ending),
    check: () => {
      if (stopped) throw new Error('stopped');
    },
  };
  // The step under way fails with its processes, and the endings below do the rest.
  const stop = () => {
    stopped = true;
    for (const pid of descendants(process.pid)) kill(pid);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    await work(stage);
  } catch (error) {
    if (!stopped) throw error;
  } finally {
    for (const ending of endings.reverse()) await ending();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  if (stopped) process.exit(130);
}
