/**
 * SER's FIFO: a named pipe that takes management commands, one after the other; only what waits for the network does not hold up
 * the next one.
 *
 * It is ours alone (0600), made anew at each start, and removed at the end. What stands there already is replaced only if it is a
 * fifo of ours that nobody reads; else the server goes on without one and says why: telephones matter more. Node cannot make a
 * fifo, so the program `mkfifo` does. Nothing here ever waits for another program on the main thread.
 */
import { execFile } from 'node:child_process';
import { close, constants, fstatSync, lstatSync, open, openSync, type Stats, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import type { ManagementReply } from '../../../core/admin/management.ts';
import type { Clock } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { Seldom } from '../../../platform/seldom.ts';
import { COMMANDS } from '../management/commands.ts';
import { Framing, type Request } from './framing.ts';
import { writeReply } from './reply-fifo.ts';
import { replyText, type Style } from './reply-text.ts';

export interface FifoOptions {
  readonly path: string;
  /** Where reply fifos lie. */
  readonly replyDirectory: string;
  readonly style: Style;
  readonly log: Log;
  readonly clock: Clock;
  run(name: string, args: readonly string[]): Promise<ManagementReply>;
}

/** Commands that wait, and answers on their way: beyond it the fifo is not read. */
const MOST = 64;
/** A writer who says no more within this time has said all. */
const PAUSE_MS = 300;

const openFile = promisify(open);
const closeFile = promisify(close);
const run = promisify(execFile);

export class Fifo {
  readonly #options: FifoOptions;
  readonly #framing = new Framing((name) => COMMANDS.get(name));
  readonly #complaints: Seldom;
  #socket: Socket | undefined;
  #inode = 0;
  #closed = false;
  #pause: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: FifoOptions) {
    this.#options = options;
    this.#complaints = new Seldom(options.clock);
  }

  /** Gives why it could not be opened; undefined: it is open. */
  async open(): Promise<string | undefined> {
    const { path } = this.#options;
    try {
      clearPlace(path);
      await run('mkfifo', ['-m', '600', '--', path]);
      // For writing as well, so that it does not end when the last writer goes.
      const file = await openFile(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      const found = fstatSync(file);
      if (!isOurs(found)) {
        await closeFile(file);
        throw new Error('somebody put something else in its place');
      }
      this.#inode = found.ino;
      this.#listen(new Socket({ fd: file, readable: true, writable: false }));
      if (this.#closed) this.close();
      return undefined;
    } catch (error) {
      return `the FIFO ${path} is not opened: ${reason(error)}`;
    }
  }

  /** Also while it is being opened. */
  close(): void {
    this.#closed = true;
    if (this.#socket === undefined) return;
    this.#socket.destroy();
    this.#socket = undefined;
    clearTimeout(this.#pause);
    const { path } = this.#options;
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found && isOurs(found) && found.ino === this.#inode) unlinkSync(path);
  }

  #listen(socket: Socket): void {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', (error) => this.#complain('the FIFO cannot be read any more', error));
  }

  #receive(text: string): void {
    clearTimeout(this.#pause);
    for (const request of this.#framing.feed(text)) this.#take(request);
    if (!this.#framing.waits) return;
    this.#pause = setTimeout(() => {
      for (const request of this.#framing.pause()) this.#take(request);
    }, PAUSE_MS);
  }

  #take(request: Request): void {
    if (++this.#waiting >= MOST) this.#socket?.pause();
    const waitsForOthers = COMMANDS.get(request.name)?.takesRequest ?? false;
    const done = waitsForOthers ? this.#serve(request) : this.#work.then(() => this.#serve(request));
    if (!waitsForOthers) this.#work = done;
  }

  /** Runs the command; its answer is written while the next one runs. Never rejects. */
  async #serve({ name, reply, args }: Request): Promise<void> {
    const { run, style, replyDirectory } = this.#options;
    try {
      const answer = await run(name, args);
      this.#options.log.debug('FIFO', { command: name, status: answer.status });
      void this.#answer(reply === '' ? undefined : writeReply(replyDirectory, reply, replyText(answer, style)));
    } catch (error) {
      void this.#answer(Promise.reject(error));
    }
  }

  async #answer(written: Promise<void> | undefined): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.#complain('an answer could not be given over the FIFO', error);
    }
    if (--this.#waiting < MOST) this.#socket?.resume();
  }

  #complain(what: string, error: unknown): void {
    if (this.#complaints.due()) this.#options.log.warn(what, { path: this.#options.path, error: describeError(error) });
  }
}

function isOurs(found: Stats): boolean {
  return found.isFIFO() && found.nlink === 1 && (found.mode & 0o777) === 0o600 && found.uid === process.getuid?.();
}

/** Removes the fifo of a server that ended without removing it. */
function clearPlace(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isFIFO()) throw new Error('something that is no fifo has its name');
  if (found.uid !== process.getuid?.()) throw new Error('there is one of somebody else');
  if (isRead(path)) throw new Error('another server reads it');
  unlinkSync(path);
}

function isRead(path: string): boolean {
  try {
    // Does not block: without a reader it fails.
    const file = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    close(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return false;
    throw error;
  }
}

function reason(error: unknown): string {
  const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
  if (code === 'ENOENT' && message.includes('mkfifo')) return 'there is no program mkfifo (coreutils)';
  return (stderr || message).trim();
}
