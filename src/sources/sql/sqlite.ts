/** An SQLite file for a resolver, read by a thread of its own, which is ended when it does not answer in time. */
import { Worker } from 'node:worker_threads';
import { ANSWER_MS, type Asker, type Row } from './asker.ts';
import type { Question } from './statements.ts';

interface Waiting {
  resolve(rows: Row[]): void;
  reject(error: Error): void;
}
type Answer = { id: number } & ({ rows: Row[] } | { fault: string });

export function openSqlite(path: string): Asker {
  let worker: Worker | undefined;
  let last = 0;
  const waiting = new Map<number, Waiting>();
  return { ask, isMismatch: () => false, close: end };

  function ask({ sql, values }: Question): Promise<Row[]> {
    const id = ++last;
    const { promise, resolve, reject } = Promise.withResolvers<Row[]>();
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${ANSWER_MS} ms`));
      void end();
    }, ANSWER_MS);
    waiting.set(id, { resolve, reject });
    worker ??= start();
    worker.postMessage({ id, sql, values });
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(id);
    });
  }

  function start(): Worker {
    const made = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: path });
    made.unref();
    made.on('message', (answer: Answer) => {
      const asked = waiting.get(answer.id);
      if ('rows' in answer) asked?.resolve(answer.rows);
      else asked?.reject(new Error(answer.fault));
    });
    made.on('error', (error) => lose(made, error));
    made.on('exit', () => lose(made, new Error('the thread that reads the file ended')));
    return made;
  }

  function lose(made: Worker, error: Error): void {
    if (made !== worker) return;
    worker = undefined;
    for (const asked of waiting.values()) asked.reject(error);
  }

  async function end(): Promise<void> {
    const ended = worker;
    if (ended) lose(ended, new Error('the thread that reads the file was ended'));
    await ended?.terminate();
  }
}
