/** Lets a run wait for a promise; the path on which nothing must be waited for never comes here. */
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { Run } from '../run.ts';

/** Suspends the run; `finish`, or `failed` on a rejection, gives the result it goes on with. */
export function resumeWith<T>(
  run: Run,
  answer: Promise<T>,
  log: Log,
  finish: (value: T) => number,
  failed: () => number,
): number {
  answer
    .then(finish)
    .catch((error: unknown) => {
      log.warn('a function of the script could not get its answer', { error: describeError(error) });
      return failed();
    })
    .then((result) => run.resume(result))
    .catch((error: unknown) => log.error('a resumed script failed', { error: describeError(error) }));
  return run.suspend();
}
