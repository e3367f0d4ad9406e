/**
 * Main's end of the line to the storage worker: questions with a promise each, the journal's batches with a call back.
 *
 * When the worker dies, all that waits is told STORAGE_UNAVAILABLE, and a new worker is started at once, then after 0.2 s,
 * 0.4 s … up to 5 s as long as it keeps failing.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HealthItem } from '../core/doors/types.ts';
import type { Clock } from '../platform/clock.ts';
import { GatehouseError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { type Batch, type Cell, longestLogged } from './batch.ts';
import { fromText, toText } from './error-text.ts';
import type { Args, CallName, CommitOutcome, FromWorker, Result, ToWorker, WorkerOptions } from './protocol.ts';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
const CLOSE_MS = 2_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: GatehouseError): void;
  onCells: ((cells: Cell[]) => void) | undefined;
}

export class WorkerClient {
  readonly #options: WorkerOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #spawn: typeof spawnWorker;
  readonly #calls = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #ready = false;
  #closing = false;
  #lastId = 0;
  #failures = 0;
  #readySince = 0;
  #downSince = 0;
  #commitDone: ((outcome: CommitOutcome) => void) | undefined;
  #retry: NodeJS.Timeout | undefined;

  /** `spawn` makes the worker thread. */
  constructor(options: WorkerOptions, log: Log, clock: Clock, spawn: typeof spawnWorker = spawnWorker) {
    this.#options = options;
    this.#log = log;
    this.#clock = clock;
    this.#spawn = spawn;
  }

  /** Starts the worker and resolves when its databases are open; rejects with what stopped it. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = this.#spawn(this.#options);
      this.#worker = worker;
      let failure: GatehouseError | undefined;
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') {
          this.#ready = true;
          this.#downSince = 0;
          this.#readySince = this.#clock.monotonic();
          resolve();
        } else if (message.kind === 'failed') failure = fromText(message.error);
        else this.#onMessage(message);
      });
      worker.on('error', (error) => {
        failure = unavailable(`the storage worker failed: ${error.message}`, error);
      });
      worker.on('exit', () => {
        const wasReady = this.#ready;
        if (wasReady && this.#clock.monotonic() - this.#readySince > LONGEST_WAIT_MS) this.#failures = 0;
        const error = failure ?? unavailable('the storage worker ended');
        this.#worker = undefined;
        this.#ready = false;
        this.#abandon(error);
        if (wasReady && !this.#closing) this.#restart(error);
        reject(error);
      });
    });
  }

  call<N extends CallName>(name: N, ...args: Args<N>): Promise<Result<N>> {
    return this.stream(name, undefined, ...args);
  }

  /** Like `call`, for questions whose answer comes in pieces of cells. */
  stream<N extends CallName>(
    name: N,
    onCells: ((cells: Cell[]) => void) | undefined,
    ...args: Args<N>
  ): Promise<Result<N>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (!this.#ready) return reject(unavailable('the storage worker is not running'));
      this.#calls.set(id, { resolve: resolve as (value: unknown) => void, reject, onCells });
      this.#post({ kind: 'call', id, name, args });
    });
  }

  /** Calls that are not answered yet. */
  get asking(): number {
    return this.#calls.size;
  }

  /** One batch at a time. */
  commit(batch: Batch, budgetMs: number, done: (outcome: CommitOutcome) => void): void {
    if (!this.#ready) {
      setImmediate(done, { unavailable: toText(unavailable('the storage worker is not running')) });
      return;
    }
    this.#commitDone = done;
    const { tables, cells } = batch;
    const longest = longestLogged(batch);
    if (longest === undefined) this.#post({ kind: 'commit', batch: JSON.stringify(batch), budgetMs });
    else this.#post({ kind: 'log', entry: JSON.stringify({ tables, cells }), tables, longest, budgetMs });
  }

  /** Lets the worker close its databases, unless they keep it waiting, then ends it. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#retry);
    const worker = this.#worker;
    if (!worker) return;
    const late = setTimeout(() => worker.terminate(), CLOSE_MS);
    await this.call('close').catch(() => {});
    clearTimeout(late);
    await worker.terminate();
  }

  health(): HealthItem[] {
    if (this.#downSince === 0) return [];
    const text = 'the storage worker ended and could not be started again yet';
    return [{ code: 'STORAGE_DOWN', severity: 'error', text, since: this.#downSince }];
  }

  #post(message: ToWorker): void {
    this.#worker!.postMessage(message);
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case 'committed': {
        const done = this.#commitDone;
        this.#commitDone = undefined;
        done?.(message.outcome);
        return;
      }
      case 'rows':
        this.#calls.get(message.id)?.onCells?.(message.cells);
        return;
      case 'result':
        this.#take(message.id)?.resolve(message.value);
        return;
      case 'error':
        this.#take(message.id)?.reject(fromText(message.error));
        return;
      case 'log':
        this.#log[message.level](message.message, message.fields);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#calls.get(id);
    this.#calls.delete(id);
    return waiting;
  }

  #abandon(error: GatehouseError): void {
    const reason = error.code === 'STORAGE_UNAVAILABLE' ? error : unavailable(error.message, error);
    const waiting = [...this.#calls.values()];
    this.#calls.clear();
    for (const one of waiting) one.reject(reason);
    const done = this.#commitDone;
    this.#commitDone = undefined;
    done?.({ unavailable: toText(reason) });
  }

  #restart(error: GatehouseError): void {
    this.#downSince ||= this.#clock.now();
    this.#log.error('the storage worker ended, starting it again', { reason: error.message });
    const wait = this.#failures === 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    this.#failures++;
    this.#retry = setTimeout(() => {
      this.start().catch((fault) => {
        if (!this.#closing) this.#restart(fault);
      });
    }, wait);
  }
}

function spawnWorker(options: WorkerOptions): Worker {
  // A thread finds the cache of compiled code by the environment only; Node adds a folder of its version to what stands there.
  const cache = getCompileCacheDir();
  const env = cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: dirname(cache) };
  return new Worker(new URL('./worker.ts', import.meta.url), { workerData: options, name: 'storage', env });
}

function unavailable(message: string, cause?: unknown): GatehouseError {
  return new GatehouseError('STORAGE_UNAVAILABLE', message, { cause });
}
