/**
 * Main's side of the helper process (src/platform/helper/process.ts): queue, watch, and start it again.
 *
 * Starting a program from a process with a large heap stops its event loop for milliseconds; from the small helper it does not. The helper is
 * started by the first request and costs nothing before. A main that is about to give up root's rights starts it earlier, so that it keeps
 * them; such a one cannot be replaced. With a list it starts nothing else (permit.ts). Errors: those of Programs.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { GatehouseError } from '../errors.ts';
import type { Order, Report } from './messages.ts';
import type { PermitList } from './permit.ts';
import { GRACE_MS, signalGroup } from './program.ts';
import { faultOf } from './request.ts';
import type { ProgramResult, ProgramRun, Programs } from './types.ts';

export interface Helper extends Programs {
  /** Undefined while there is none. */
  readonly pid: number | undefined;
  /** Starts it now, once and for all: when it ends, whatever is asked of it fails, and `lost` is told. */
  startOnce(lost: () => void): void;
  /** Ends what runs, and the helper. */
  close(): Promise<void>;
}

export interface HelperLimits {
  readonly atOnce: number;
  readonly waiting: number;
}

export interface HelperOptions {
  readonly limits?: HelperLimits;
  readonly permitted?: PermitList;
}

/** Whoever asks keeps to less, so that programs of one kind that hang never take all places. */
const LIMITS: HelperLimits = { atOnce: 64, waiting: 256 };
/** How much later than it must have ended a program is believed to be lost, and the helper with it. */
const SILENCE_MS = 10_000;
/** The same when all is to end. */
const CLOSING_MS = 1_000;

interface Task {
  readonly run: ProgramRun;
  resolve(result: ProgramResult): void;
  reject(error: GatehouseError): void;
  timer: NodeJS.Timeout | undefined;
  /** The helper may have started it: to ask for it again could be once too often. */
  hasBegun: boolean;
  /** Its process group, once it runs. */
  group: number | undefined;
}

/** `permitted`: what it may start; undefined: anything, since it has no other rights than who asks. */
export function openHelper({ limits = LIMITS, permitted }: HelperOptions = {}): Helper {
  const running = new Map<number, Task>();
  const waiting: Task[] = [];
  let child: ChildProcess | undefined;
  let hasReported = false;
  let isClosed = false;
  let lastId = 0;
  /** Where there is to be no other after this one. */
  let onLost: (() => void) | undefined;
  return {
    get pid() {
      return child?.pid;
    },
    run,
    startOnce(lost) {
      onLost = lost;
      child ??= launch();
    },
    close,
  };

  async function run(request: ProgramRun, until?: AbortSignal): Promise<ProgramResult> {
    checkRun(request);
    if (isClosed) throw lost();
    const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
    const task: Task = { run: request, resolve, reject, timer: undefined, hasBegun: false, group: undefined };
    if (running.size < limits.atOnce) start(task);
    else if (waiting.length < limits.waiting) wait(task);
    else throw crowded(request.file);
    const stop = () => cutShort(task);
    if (until?.aborted) stop();
    else until?.addEventListener('abort', stop, { once: true });
    return promise.finally(() => until?.removeEventListener('abort', stop));
  }

  function cutShort(task: Task): void {
    const at = waiting.indexOf(task);
    if (at >= 0) {
      waiting.splice(at, 1);
      giveUp(task);
      return;
    }
    for (const [id, one] of running) if (one === task) child?.send({ id, stop: true } satisfies Order);
  }

  /** For as long as it may run: who asked has given up by then. */
  function wait(task: Task): void {
    waiting.push(task);
    task.timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(task), 1);
      task.reject(crowded(task.run.file));
    }, task.run.timeoutMs);
  }

  function start(task: Task): void {
    child ??= launch();
    const helper = child;
    const id = ++lastId;
    clearTimeout(task.timer);
    running.set(id, task);
    helper.channel?.ref();
    helper.send({ id, run: task.run } satisfies Order);
    // It does what it is told in time, unless something keeps the helper itself from running.
    task.timer = setTimeout(() => end(helper), task.run.timeoutMs + GRACE_MS + SILENCE_MS);
  }

  function launch(): ChildProcess {
    hasReported = false;
    const helper = fork(join(import.meta.dirname, 'process.ts'), [], {
      detached: true,
      env: {},
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    helper.on('message', (report: Report) => hear(report));
    // What it said before its end may not have been read yet: the end of the channel comes after all of it.
    helper.on('error', () => (helper.pid === undefined ? gone(helper) : end(helper)));
    helper.on('disconnect', () => gone(helper));
    if (permitted) helper.send({ permitted } satisfies Order);
    // It never keeps main from ending.
    helper.unref();
    helper.channel?.unref();
    return helper;
  }

  function hear(report: Report): void {
    const task = running.get(report.id);
    hasReported = true;
    if (task === undefined) return;
    if ('begins' in report) {
      task.hasBegun = true;
      return;
    }
    if ('started' in report) {
      task.group = report.started;
      return;
    }
    running.delete(report.id);
    clearTimeout(task.timer);
    if ('result' in report) task.resolve(report.result);
    else if ('refused' in report) task.reject(forbidden(task.run, report.refused));
    else task.reject(notStarted(task.run, report.failure));
    next();
  }

  function next(): void {
    while (running.size < limits.atOnce && waiting.length > 0) start(waiting.shift()!);
    if (running.size === 0) child?.channel?.unref();
  }

  /** What it was running is ended: nobody would hear of it, or stop it in time. What it had not begun goes to the next one. */
  function gone(helper: ChildProcess): void {
    if (helper !== child) return;
    child = undefined;
    if (onLost !== undefined) isClosed = true;
    end(helper);
    const again: Task[] = [];
    for (const task of running.values()) {
      if (task.group !== undefined) signalGroup(task.group, 'SIGKILL');
      if (task.hasBegun) giveUp(task);
      else again.push(task);
    }
    running.clear();
    for (const task of again) clearTimeout(task.timer);
    waiting.unshift(...again);
    if (!hasReported || isClosed) for (const task of waiting.splice(0)) giveUp(task);
    next();
    onLost?.();
  }

  function giveUp(task: Task): void {
    clearTimeout(task.timer);
    task.reject(lost());
  }

  async function close(): Promise<void> {
    isClosed = true;
    for (const task of [...running.values(), ...waiting.splice(0)]) giveUp(task);
    running.clear();
    const helper = child;
    child = undefined;
    if (helper === undefined || helper.exitCode !== null || helper.signalCode !== null) return;
    helper.ref();
    const ended = once(helper, 'exit');
    const timer = setTimeout(() => end(helper), GRACE_MS + CLOSING_MS);
    helper.disconnect();
    await ended;
    clearTimeout(timer);
  }
}

/** Where this process has no right to kill it any more, it is told by the end of its channel. */
function end(helper: ChildProcess): void {
  if (helper.pid === undefined || helper.exitCode !== null || helper.signalCode !== null) return;
  try {
    process.kill(helper.pid, 'SIGKILL');
  } catch {
    if (helper.connected) helper.disconnect();
  }
}

function checkRun(run: ProgramRun): void {
  const fault = faultOf(run);
  if (fault !== undefined) throw new GatehouseError('PROGRAM_REQUEST', `${JSON.stringify(run.file)}: ${fault}`);
}

function notStarted({ file, cwd = '/' }: ProgramRun, code: string): GatehouseError {
  const hint = code === 'ENOENT' ? `is it installed, and does the folder ${cwd} exist?` : 'may this server run it?';
  return new GatehouseError('PROGRAM_START', `${file}: ${code}`, { hint });
}

function forbidden({ file }: ProgramRun, why: string): GatehouseError {
  return new GatehouseError('PROGRAM_REFUSED', `${file} is not started: ${why}`, {
    hint: 'the list is made when the server starts: restart it after a change, and keep programs where only root can write',
  });
}

function crowded(file: string): GatehouseError {
  return new GatehouseError('PROGRAM_QUEUE', `${file}: too many programs run and wait already`);
}

function lost(): GatehouseError {
  return new GatehouseError('PROGRAM_LOST', 'the helper ended before the program did', {
    hint: 'the next request starts it again; whether the program did its work is not known',
  });
}
