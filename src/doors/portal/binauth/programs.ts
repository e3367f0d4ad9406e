/**
 * Starts a program: its file, arguments and environment as they are, no shell, in a process group of its own that a time-out ends as a
 * whole. It has ended when it has ended, whatever its children hold open.
 */
import { spawn } from 'node:child_process';
import { GatehouseError } from '../../../platform/errors.ts';

export interface ProgramRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** What is past them is read and dropped. */
  readonly maxOutputBytes: number;
}

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly timedOut: boolean;
}

export interface Programs {
  /** Errors: PORTAL_PROGRAM, it cannot be started. */
  run(request: ProgramRun): Promise<ProgramResult>;
}

const LAST_WORDS_MS = 250;

export const systemPrograms: Programs = { run };

function run({ file, args, env, timeoutMs, maxOutputBytes }: ProgramRun): Promise<ProgramResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
  const child = spawn(file, args, { env, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const pieces: Buffer[] = [];
  let left = maxOutputBytes;
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
  }, timeoutMs);
  child.stdout.on('data', (piece: Buffer) => {
    if (left > 0) pieces.push(piece.subarray(0, left));
    left -= piece.length;
  });
  child.on('error', (cause) => {
    clearTimeout(timer);
    reject(new GatehouseError('PORTAL_PROGRAM', `${file} cannot be started: ${cause.message}`, { cause }));
  });
  child.on('exit', (exitCode, signal) => {
    clearTimeout(timer);
    const lastWords = setTimeout(() => child.stdout.destroy(), LAST_WORDS_MS);
    child.on('close', () => {
      clearTimeout(lastWords);
      resolve({ exitCode, signal, stdout: Buffer.concat(pieces), timedOut });
    });
  });
  return promise;
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
