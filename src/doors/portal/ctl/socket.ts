/**
 * The socket that ndsctl talks to: a command and its argument, CR LF CR LF, then the answer, then the end. Mode 0600 from its first
 * moment; in place of a dead server's, never of anything else.
 *
 * Errors: PORTAL_SOCKET.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { GatehouseError } from '../../../platform/errors.ts';
import type { RunCommand } from './commands.ts';

const MOST_BYTES = 4_096;
const MOST_CONNECTIONS = 32;
const PATIENCE_MS = 10_000;

export async function listenOnCtlSocket(path: string, run: RunCommand): Promise<Server> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isSocket()) throw notOpened(path, 'something that is no socket has this name');
  if (found && (await isAnswered(path))) throw notOpened(path, 'another program answers there');
  if (found) unlinkSync(path);
  const server = createServer((socket) => serve(socket, run));
  server.maxConnections = MOST_CONNECTIONS;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error) => reject(notOpened(path, error.message, error)));
  // The file is made within listen(): a narrow umask leaves no moment in which others could open it.
  const before = process.umask(0o177);
  try {
    server.listen(path, resolve);
  } finally {
    process.umask(before);
  }
  await promise;
  return server;
}

function serve(socket: Socket, run: RunCommand): void {
  let text = '';
  let asked = false;
  socket.setTimeout(PATIENCE_MS, () => {
    // What is under way may take its time.
    if (!asked) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.setEncoding('latin1').on('data', (piece: string) => {
    if (asked) return;
    text += piece;
    if (text.length > MOST_BYTES) socket.destroy();
    const end = text.search(/\r?\n\r?\n/);
    if (end < 0) return;
    asked = true;
    run(text.slice(0, end)).then((answer) => socket.end(answer));
  });
}

function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path, () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
  return promise;
}

function notOpened(path: string, why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('PORTAL_SOCKET', `the socket for ndsctl cannot be opened: ${why}`, {
    where: path,
    hint: 'set another in `portal.ndsctl_socket` of gatehouse.yaml, or NdsctlSocket of nodogsplash.conf',
    cause,
  });
}
