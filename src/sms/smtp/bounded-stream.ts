/**
 * A connection of which only so much is read, and that fails when more comes.
 *
 * nodemailer limits a reply, not their number: empty lines without end would keep it busy for minutes after the connection is gone.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export class BoundedStream extends Duplex {
  readonly #socket: Socket;
  #left: number;

  constructor(socket: Socket, mostBytes: number) {
    // Its end is told by an error alone, so that TLS on top of it has the first word on why.
    super({ emitClose: false });
    this.#socket = socket;
    this.#left = mostBytes;
    socket.on('data', (piece: Buffer) => {
      this.#left -= piece.length;
      if (this.#left < 0) this.destroy(new Error('it talks without end'));
      else if (!this.push(piece)) socket.pause();
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy(new Error('it hung up')));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(piece, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** Part of what nodemailer asks of a socket; the session has a deadline of its own. */
  setTimeout(): this {
    return this;
  }
}
