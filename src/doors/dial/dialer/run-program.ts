/**
 * Programs of an account: commands before and after a call, and pppd with the line. Always a file and its arguments, never a shell.
 *
 * They are started from here and not by the helper: a program that dials serves nobody else meanwhile, and its memory is small.
 * Errors: DIAL_COMMAND, DIAL_PPPD.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { GatehouseError } from '../../../platform/errors.ts';

const GRACE_MS = 10_000;
const MOST_SAID = 8192;

export interface Ended {
  readonly exitCode: number | null;
  /** The last that it said. */
  readonly said: string;
}

/** Waits for it; a fault of its own is a fault of the call. */
export async function runCommand(what: string, words: readonly string[], signal?: AbortSignal): Promise<void> {
  const [file, ...args] = words;
  if (file === undefined) return;
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  const { exitCode, said } = await ended(child, signal).catch((cause: Error) => {
    throw new GatehouseError('DIAL_COMMAND', notStarted(what, file, cause), { cause });
  });
  if (exitCode !== 0 && !signal?.aborted)
    throw new GatehouseError('DIAL_COMMAND', `${what}: ${file} ended with ${exitCode ?? 'a signal'}${says(said)}`);
}

/**
 * A program that gets the line as standard input and output and as its controlling terminal. Ends it when the signal says so: SIGTERM, later
 * SIGKILL.
 */
export async function runOnLine(
  device: string,
  words: readonly string[],
  options: { readonly signal: AbortSignal; started?(pid: number): void },
): Promise<Ended> {
  const [file = '', ...args] = words;
  const line = await open(device, constants.O_RDWR | constants.O_NOCTTY);
  try {
    // No leader of a group, so that setsid stays the process that becomes the program.
    const child = spawn('setsid', ['-c', file, ...args], { stdio: [line.fd, line.fd, 'pipe'] });
    if (child.pid !== undefined) options.started?.(child.pid);
    return await ended(child, options.signal);
  } catch (cause) {
    throw new GatehouseError('DIAL_PPPD', notStarted('pppd', file, cause as Error), { cause });
  } finally {
    await line.close();
  }
}

function notStarted(what: string, file: string, { message }: Error): string {
  return `${what}: ${file} could not be started: ${message}`;
}

function ended(child: ChildProcess, signal?: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let said = '';
    let force: NodeJS.Timeout | undefined;
    const stop = () => {
      child.kill('SIGTERM');
      force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    const over = () => {
      clearTimeout(force);
      signal?.removeEventListener('abort', stop);
    };
    child.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString('utf8')).slice(-MOST_SAID);
    });
    child.on('error', (cause) => {
      over();
      reject(cause);
    });
    // Not `close`: what it left behind may hold its standard error.
    child.on('exit', (exitCode) => {
      over();
      child.stderr?.destroy();
      resolve({ exitCode, said: said.trim() });
    });
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
  });
}

export function says(said: string): string {
  const last = said.split('\n').at(-1)?.trim() ?? '';
  return last === '' ? '' : `: ${last.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, ' ').slice(0, 200)}`;
}
