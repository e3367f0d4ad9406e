/**
 * Opens the control socket: mode 0600 from its first moment, in place of a dead server's. Whoever opens it holds the data
 * directory, so that what stands there belongs to nobody alive.
 *
 * Errors: CONTROL_LISTEN.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { GatehouseError } from '../../platform/errors.ts';

export function listenOnControlSocket(server: Server, path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(notOpened(path, taken ? 'something that is no socket has this name' : error.message, error));
    });
    server.once('listening', resolve);
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
