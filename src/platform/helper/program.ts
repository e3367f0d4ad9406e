/** One program, from its start to its end: input, bounded output, time-out. Runs in the helper. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { ProgramResult, ProgramRun } from './types.ts';

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
  const { file, args, env, cwd = '/', user, timeoutMs, maxOutputBytes } = run;
  const child = spawn(file, args, { env, cwd, ...user, detached: true, shell: false, stdio: 'pipe' });
  const [stdout, stderr] = [keep(child.stdout, maxOutputBytes), keep(child.stderr, maxOutputBytes)];
  const pid = await started(child);
  let timedOut = false;
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    signalGroup(pid, 'SIGTERM');
    force ??= setTimeout(signalGroup, GRACE_MS, pid, 'SIGKILL');
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
