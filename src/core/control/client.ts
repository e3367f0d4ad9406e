/**
 * Administration of a running server, spoken over the control socket in its data directory: one HTTP POST per call.
 *
 * Errors: CONTROL_UNREACHABLE, CONTROL_PATH, SERVER_NOT_RUNNING (it ended meanwhile), and all that the calls give.
 */
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { GatehouseError } from '../../platform/errors.ts';
import type { Administration } from '../admin/types.ts';
import { METHODS } from './methods.ts';
import type { WireError } from './wire.ts';
import { fromWire } from './wire.ts';

/** Of silence, not in all: a slow disk may hold up a large import. */
const TIMEOUT_MS = 120_000;
const MAX_ANSWER = 64 * 1024 * 1024;
/** sun_path holds 108 bytes with the closing zero. */
const MAX_PATH = 107;

/** Says for whom a command calls. */
export const uidHeader = 'gatehouse-uid';

/** Who acts at the command line, as the audit trail names it. */
export function commandLineActor(uid: string): string {
  return /^\d{1,10}$/.test(uid) ? `command line (uid ${uid})` : 'command line';
}

/** The control socket of a data directory, in whichever form is short enough for the system. */
export function controlSocketOf(dataDir: string): string {
  const path = join(dataDir, 'control.sock');
  const shorter = relative(process.cwd(), path);
  for (const form of [path, shorter]) if (Buffer.byteLength(form) <= MAX_PATH) return form;
  throw new GatehouseError('CONTROL_PATH', `the path has more than ${MAX_PATH} bytes`, {
    where: path,
    hint: 'use a data directory with a shorter path, or start in it',
  });
}

/** The administration of the server that listens there; undefined when none does (no socket, or a dead server's). */
export async function connectControl(path: string): Promise<Administration | undefined> {
  return (await isAnswered(path)) ? controlClient(path) : undefined;
}

/** No such file, one that a dead server left behind, one that is something else, a data directory that is no directory. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR']);

/** Does a process accept connections there? */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) resolve(false);
      else reject(unreachable(path, error));
    });
  });
}

function controlClient(path: string): Administration {
  const calls = Object.keys(METHODS).map((method) => [method, (...args: unknown[]) => post(path, method, args)]);
  return Object.fromEntries(calls) as Administration;
}

function post(path: string, method: string, args: unknown[]): Promise<unknown> {
  // JSON has no `undefined`: an argument left out must be left out here as well.
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  const body = JSON.stringify(args);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    // Node does not tell a server who is at the other end of a unix socket. Only owner and root can open this one.
    [uidHeader]: String(process.getuid?.() ?? ''),
    connection: 'close',
  };
  // `import` would read every name of this module, and its WebSocket loads undici: 55 ms of CPU at each start.
  const { request } = process.getBuiltinModule('node:http');
  return new Promise((resolve, reject) => {
    const options = { socketPath: path, path: `/control/${method}`, method: 'POST', headers, timeout: TIMEOUT_MS };
    const sent = request(options, (answer) => {
      const pieces: Buffer[] = [];
      let size = 0;
      answer.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > MAX_ANSWER) sent.destroy(new Error(`the answer is larger than ${MAX_ANSWER} bytes`));
        else pieces.push(piece);
      });
      answer.on('end', () => {
        try {
          resolve(resultOf(Buffer.concat(pieces).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
      answer.on('error', (error) => reject(unreachable(path, error)));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on('error', (error) => reject(unreachable(path, error)));
    sent.end(body);
  });
}

function resultOf(text: string): unknown {
  let answer: { result?: unknown; error?: WireError };
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw new GatehouseError('CONTROL_UNREACHABLE', 'the server gave no proper answer', { cause });
  }
  if (answer.error) throw fromWire(answer.error);
  return answer.result;
}

function unreachable(path: string, error: NodeJS.ErrnoException): GatehouseError {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    return new GatehouseError('SERVER_NOT_RUNNING', 'the server has just ended', { where: path, cause: error });
  }
  const rights = error.code === 'EACCES' || error.code === 'EPERM';
  return new GatehouseError('CONTROL_UNREACHABLE', rights ? 'permission denied' : error.message, {
    where: path,
    hint: rights ? 'run this as the user the server runs as, or as root' : 'is the server hanging? its log may tell',
    cause: error,
  });
}
