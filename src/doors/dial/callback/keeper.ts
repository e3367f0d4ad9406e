/**
 * One telephone line: answers it, calls from it, and brings its modem back to a state that harms nobody, for as long as the door is open.
 *
 * A line that takes calls is held, with its lock, while the door is open; one that only calls is left to other programs in between. A line
 * that cannot be used is tried again, and health says why. Times in milliseconds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallBack } from '../../../core/gate/types.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { LineConfig } from '../config.ts';
import type { LineLock } from '../line/types.ts';
import type { Call, Modem } from '../modem/types.ts';
import type { Caller, CallOutcome } from './planner.ts';

export interface KeeperTimes {
  /** Before a line that could not be used is tried again. */
  readonly retryMs: number;
  /** A modem that has heard nothing for so long is asked whether it is there. */
  readonly quietMs: number;
  /** From ATA to CONNECT. */
  readonly answerMs: number;
  /** Of another program that has the line. */
  readonly lockMs: number;
  /** What was said last is still in the modem: hanging up throws it away. */
  readonly lastWordsMs: number;
}

export const KEEPER_TIMES: KeeperTimes = {
  retryMs: 15_000,
  quietMs: 300_000,
  answerMs: 80_000,
  lockMs: 30_000,
  lastWordsMs: 1_000,
};

export interface KeeperParts {
  readonly line: LineConfig;
  readonly times: KeeperTimes;
  readonly log: Log;
  lock(device: string, waitMs: number, signal: AbortSignal): Promise<LineLock>;
  open(line: LineConfig): Promise<Modem>;
  /** The first leg: whoever called. It is over when this resolves; true: what was said last should still arrive. */
  request(call: Call, from: { line: string; callerId: string | undefined }): Promise<boolean>;
  /** The second leg: whoever answered. */
  login(call: Call, line: LineConfig, called: CallBack): Promise<boolean>;
  /** As the modem dials it. */
  dialled(number: string): string;
  answerWithinMs(): number;
}

interface Job {
  readonly to: CallBack;
  readonly signal: AbortSignal;
  resolve(outcome: CallOutcome): void;
}

export class LineKeeper implements Caller {
  readonly name: string;
  readonly mayCall: boolean;
  readonly #parts: KeeperParts;
  readonly #stop = new AbortController();
  /** Aborted when the line, idle now, has something to do. */
  #idle: AbortController | undefined;
  #job: Job | undefined;
  #waiting = new Set<() => void>();
  #running: Promise<void> | undefined;
  /** Since when it cannot be used, and why. */
  trouble: { readonly since: number; readonly why: string } | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.name = parts.line.name;
    this.mayCall = parts.line.use !== 'answer';
  }

  /** Resolves when the line can be used, or it is known why not. */
  start(): Promise<void> {
    const tried = Promise.withResolvers<void>();
    this.#running = this.#run(tried.resolve);
    return tried.promise;
  }

  /** The line is given back when this resolves. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#idle?.abort();
    await this.#running;
  }

  call(to: CallBack, signal: AbortSignal): Promise<CallOutcome> | undefined {
    if (this.#idle === undefined || this.#job !== undefined) return undefined;
    const { promise, resolve } = Promise.withResolvers<CallOutcome>();
    this.#job = { to, signal, resolve };
    this.#idle.abort();
    return promise;
  }

  freed(signal: AbortSignal): Promise<void> {
    if (this.#idle !== undefined && this.#job === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const go = () => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#waiting.add(go);
      signal.addEventListener('abort', go);
    });
  }

  async #run(tried: () => void): Promise<void> {
    const { line, log, times } = this.#parts;
    while (!this.#stop.signal.aborted) {
      try {
        if (line.use === 'call') await this.#callNow(tried);
        else await this.#withModem((modem) => this.#serve(modem, tried));
      } catch (error) {
        this.#job?.resolve('line down');
        this.#job = undefined;
        const why = describeError(error);
        if (!this.#stop.signal.aborted && this.trouble?.why !== why) {
          log.error('a telephone line cannot be used', { line: line.name, error: why });
          this.trouble = { since: Date.now(), why };
        }
        tried();
        await delay(times.retryMs, undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
    this.#job?.resolve('cancelled');
    tried();
  }

  /** A line for calls only is opened when there is one to make. */
  async #callNow(tried: () => void): Promise<void> {
    tried();
    await this.#rest((signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())));
    const job = this.#job;
    if (job === undefined) return;
    await this.#withModem((modem) => this.#callBack(modem, job));
  }

  async #withModem(work: (modem: Modem) => Promise<void>): Promise<void> {
    const { line, times, lock, open, log } = this.#parts;
    // The first try holds up the start of the server: a line that another program has is told of at once.
    const waitMs = line.use === 'call' || this.trouble !== undefined ? times.lockMs : 0;
    const held = await lock(line.device, waitMs, this.#stop.signal);
    try {
      const modem = await open(line);
      try {
        await modem.init();
        if (this.trouble) log.info('the telephone line can be used again', { line: line.name });
        this.trouble = undefined;
        await work(modem);
      } finally {
        await modem.close();
      }
    } finally {
      held.release();
    }
  }

  async #serve(modem: Modem, tried: () => void): Promise<void> {
    const { line, times } = this.#parts;
    tried();
    while (!this.#stop.signal.aborted) {
      const ring = await this.#rest((signal) =>
        modem.waitForRing({ rings: line.rings, timeoutMs: times.quietMs, signal }),
      );
      const job = this.#job;
      if (job !== undefined) await this.#callBack(modem, job);
      else if (ring !== undefined) await this.#answer(modem, ring.callerId);
      else if (!this.#stop.signal.aborted) await modem.command('AT');
    }
  }

  /** Whatever is waited for is cut short by work and by the end. */
  async #rest<T>(wait: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (this.#stop.signal.aborted) return undefined;
    const idle = new AbortController();
    this.#idle = idle;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const go of waiting) go();
    try {
      return await wait(idle.signal);
    } finally {
      this.#idle = undefined;
    }
  }

  async #answer(modem: Modem, callerId: string | undefined): Promise<void> {
    const { line, times, request } = this.#parts;
    const result = await modem.answer({ timeoutMs: times.answerMs, signal: this.#stop.signal });
    if (result.kind !== 'connected') return;
    try {
      if (await request(result.call, { line: line.name, callerId })) await this.#lastWords(result.call);
    } finally {
      await modem.hangUp();
    }
  }

  async #lastWords({ ended }: Call): Promise<void> {
    const signal = AbortSignal.any([ended, this.#stop.signal]);
    await delay(this.#parts.times.lastWordsMs, undefined, { signal }).catch(() => {});
  }

  async #callBack(modem: Modem, { to, signal, resolve }: Job): Promise<void> {
    const { line, login, dialled, answerWithinMs } = this.#parts;
    try {
      const result = await modem.dial(dialled(to.number), {
        timeoutMs: answerWithinMs(),
        signal: AbortSignal.any([signal, this.#stop.signal]),
      });
      resolve(result.kind);
      if (result.kind === 'connected' && (await login(result.call, line, to))) await this.#lastWords(result.call);
    } finally {
      // Said before, unless something went wrong with the line.
      resolve('line down');
      this.#job = undefined;
      await modem.hangUp();
    }
  }
}
