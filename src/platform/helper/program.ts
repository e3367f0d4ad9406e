/** One program, from its start to its end: input, bounded output, time-out. Runs in the helper. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { ProgramResult, ProgramRun, ProgramTerminal } from './types.ts';

/** Between SIGTERM and SIGKILL. */
export const GRACE_MS = 2_000;
/** How long the output of a program that has ended is waited for: something that it left behind may keep it open for ever. */
const LAST_WORDS_MS = 250;

export interface Program {
  /** Of the process group, too. */
  readonly pid: number;
  readonly ended: Promise<ProgramResult>;
  /** Ends the group: asks first, then forces. */
  stop(): void;
}

/** Throws, or rejects, what the system says when it cannot be started. */
export async function startProgram(run: ProgramRun): Promise<Program> {
  const { env, cwd = '/', user, timeoutMs, maxOutputBytes, graceMs = GRACE_MS } = run;
  const [file, ...args] = commandOf(run);
  const child = spawn(file, args, { env, cwd, ...user, detached: true, shell: false, stdio: 'pipe' });
  const [stdout, stderr] = [keep(child.stdout, maxOutputBytes), keep(child.stderr, maxOutputBytes)];
  const pid = await started(child);
  let timedOut = false;
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    signalGroup(pid, 'SIGTERM');
    force ??= setTimeout(signalGroup, graceMs, pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  // It may end without reading all of it.
  child.stdin.on('error', () => {});
  child.stdin.end(run.stdin);
  const ended = new Promise<ProgramResult>((resolve) => {
    child.on('exit', (exitCode, signal) => {
      clearTimeout(timer);
      if (!signalGroup(pid, 0)) clearTimeout(force);
      const lastWords = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, LAST_WORDS_MS);
      child.on('close', () => {
        clearTimeout(lastWords);
        resolve({ exitCode, signal, stdout: stdout(), stderr: stderr(), timedOut });
      });
    });
  });
  return { pid, ended, stop };
}

/**
 * A leader of a session without a controlling terminal gets the first one that it opens. A shell opens it, since that may wait for a carrier, and
 * only what can be killed should; its script is fixed, and all else are arguments of it. Without CLOCAL the system hangs the terminal up when
 * its carrier is lost, and tells the program.
 */
const ON_TERMINAL: Readonly<Record<ProgramTerminal['kind'], string>> = {
  raw: 'exec 0<>"$0" >&0 && stty raw -echo -clocal && exec "$@"',
  cooked: 'exec 0<>"$0" >&0 2>&0 && stty sane -clocal && exec "$@"',
};

function commandOf({ file, args, terminal }: ProgramRun): [file: string, ...args: string[]] {
  if (terminal === undefined) return [file, ...args];
  return ['/bin/sh', '-c', ON_TERMINAL[terminal.kind], terminal.path, file, ...args];
}

function started(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid!));
    child.once('error', reject);
  });
}

/** Gives what was kept. */
function keep(stream: Readable, most: number): () => Buffer {
  const pieces: Buffer[] = [];
  let left = most;
  stream.on('error', () => {});
  stream.on('data', (piece: Buffer) => {
    if (left > 0) pieces.push(piece.subarray(0, left));
    left -= piece.length;
  });
  return () => Buffer.concat(pieces);
}

/** False: nobody of the group is there any more. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
