/**
 * Writes an answer into the reply fifo of whoever gave the command, and waits for nobody.
 *
 * The fifo must lie in the directory for them under a plain name, be a fifo and no link, and belong to us or to root: a command
 * cannot make us write anywhere else. A reader that has not opened it yet is waited for two seconds, one that does not read ten.
 * Errors: a sentence, for the log.
 */
import { close, constants, fstat, open } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const OPEN_WITHIN_MS = 2_000;
const LOOK_AGAIN_MS = 20;
const WRITE_WITHIN_MS = 10_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

export async function writeReply(directory: string, name: string, text: Iterable<string>): Promise<void> {
  if (!NAME.test(name)) throw new Error(`the reply fifo has an unusable name: ${JSON.stringify(name)}`);
  const file = await openReply(join(directory, name));
  // From here on the socket owns the descriptor.
  const socket = new Socket({ fd: file, readable: false, writable: true });
  socket.setTimeout(WRITE_WITHIN_MS, () => socket.destroy(new Error('the reader of the reply fifo does not read')));
  await pipeline(Readable.from(text, { objectMode: true }), socket);
}

async function openReply(path: string): Promise<number> {
  // Before it is opened: opening a device may do something.
  if (!(await lstat(path)).isFIFO()) throw new Error('what has the name of the reply fifo is no fifo');
  for (const end = performance.now() + OPEN_WITHIN_MS; ; await wait(LOOK_AGAIN_MS)) {
    const file = await tryToOpen(path);
    if (file !== undefined) return checked(file);
    if (performance.now() > end) throw new Error('nobody reads the reply fifo');
  }
}

/** Undefined: nobody reads it yet. */
async function tryToOpen(path: string): Promise<number | undefined> {
  try {
    return await openFile(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
}

/** Of the file that is open, whatever has its name by now. */
async function checked(file: number): Promise<number> {
  try {
    const found = await statFile(file);
    if (!found.isFIFO() || found.nlink !== 1)
      throw new Error('what has the name of the reply fifo is no fifo of its own');
    if (found.uid !== 0 && found.uid !== process.getuid?.()) throw new Error('the reply fifo belongs to somebody else');
    return file;
  } catch (error) {
    await closeFile(file);
    throw error;
  }
}
