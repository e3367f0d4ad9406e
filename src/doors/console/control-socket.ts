/**
 * Opens the control socket: mode 0600 from its first moment, in place of a dead server's, never in place of a live one's.
 *
 * Errors: SERVER_RUNNING (naming the process), CONTROL_LISTEN, CONTROL_PATH, CONTROL_UNREACHABLE.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connectControl } from '../../core/control/client.ts';
import { GatehouseError } from '../../platform/errors.ts';

export async function listenOnControlSocket(server: Server, path: string): Promise<void> {
  if ((await tryListen(server, path)) === 'free') return;
  const other = await connectControl(path);
  if (other) {
    const pid = await other.status().then(
      (status) => `process ${status.pid}`,
      () => 'its process does not answer',
    );
    throw new GatehouseError('SERVER_RUNNING', `a server runs here already (${pid})`, {
      where: path,
      hint: 'stop it first, or give this one another --data directory',
    });
  }
  if (!lstatSync(path).isSocket()) throw notOpened(path, 'something that is no socket has this name');
  unlinkSync(path);
  if ((await tryListen(server, path)) === 'taken')
    throw notOpened(path, 'another server is starting at the same moment');
}

function tryListen(server: Server, path: string): Promise<'free' | 'taken'> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.removeListener('listening', opened);
      if (error.code === 'EADDRINUSE') resolve('taken');
      else reject(notOpened(path, error.message, error));
    };
    const opened = () => {
      server.removeListener('error', failed);
      resolve('free');
    };
    server.once('error', failed);
    server.once('listening', opened);
    // The socket file is made within listen(), so that a narrow umask leaves no moment in which others could open it.
    const before = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
  });
}

function notOpened(path: string, why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('CONTROL_LISTEN', `the control socket cannot be opened: ${why}`, { where: path, cause });
}
