/**
 * One connection of TCP or TLS, whoever opened it: frames what comes in, writes what goes out, and knows until when it may live.
 *
 * `deadline` (monotonic milliseconds) is looked at by the pool's sweep. It stands for the time to connect, then to complete a
 * message (the first one counts from the accept, so that silent connections do not stay; TLS has its handshake behind it then),
 * then to be idle, then to close.
 */
import type { Socket } from 'node:net';
import type { Fault } from '../message/message.ts';
import type { ConnectionHost, Ends, PooledConnection } from './connections.ts';
import type { SendFailureCode } from './errors.ts';
import { Framer, type FrameSink } from './framing.ts';
import type { ListenPoint, SendFailure, Source } from './types.ts';

const PONG = '\r\n';

export class StreamConnection implements PooledConnection, FrameSink {
  readonly point: ListenPoint;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly place: string;
  readonly accepted: boolean;
  readonly name: string;
  readonly source: Source;
  deadline: number;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #framer: Framer;
  #open = true;
  #attempting: boolean;
  #messages = 0;

  /** `ready`: the event that says that an opened connection stands. */
  constructor(socket: Socket, host: ConnectionHost, ends: Ends, ready: 'connect' | 'secureConnect') {
    this.#socket = socket;
    this.#host = host;
    this.#framer = new Framer(this);
    this.point = ends.point;
    this.remoteAddress = ends.address;
    this.remotePort = ends.port;
    this.place = ends.place;
    this.accepted = ends.accepted;
    this.name = ends.name;
    this.#attempting = !ends.accepted;
    this.source = { point: ends.point, address: ends.address, port: ends.port, connection: this };
    this.deadline = host.now() + (ends.accepted ? host.limits.messageMs : host.limits.connectMs);
    socket.on(ready, () => {
      this.#restartIdle();
      this.#attempted();
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.close());
    socket.on('error', () => this.#leave());
    socket.on('close', () => {
      this.#leave();
      this.#attempted();
      host.closed(this);
    });
  }

  #attempted(): void {
    if (!this.#attempting) return;
    this.#attempting = false;
    this.#host.attempted(this);
  }

  get open(): boolean {
    return this.#open;
  }

  #receive(chunk: Buffer): void {
    const messages = this.#messages;
    const wasPartial = this.#framer.partial;
    this.#framer.push(chunk);
    if (!this.#open) return;
    // Who connects to us owes us a message: until it has come, nothing moves the deadline.
    if (this.accepted && this.#messages === 0) return;
    if (!this.#framer.partial) this.#restartIdle();
    else if (!wasPartial || this.#messages > messages) this.deadline = this.#host.now() + this.#host.limits.messageMs;
  }

  #restartIdle(): void {
    this.deadline = this.#host.now() + this.#host.limits.idleMs;
  }

  onFrame(text: string): void {
    this.#messages++;
    this.#host.received(text, this.source);
  }

  onPing(): void {
    this.send(PONG, undefined);
  }

  onBroken(fault: Fault, head: string): void {
    this.#host.unframed(fault, this.source, head);
    this.close();
  }

  send(text: string, failure: SendFailure | undefined): void {
    const socket = this.#socket;
    this.#host.counters.sent++;
    if (socket.writableLength + text.length > this.#host.limits.queueBytes) {
      this.#host.counters.sendErrors++;
      this.#destroy('QUEUE_FULL');
      if (failure) process.nextTick(() => failure.sendFailed('QUEUE_FULL'));
      return;
    }
    if (failure === undefined) socket.write(text, 'latin1');
    else socket.write(text, 'latin1', (error) => error && this.#failed(error, failure));
  }

  #failed(error: NodeJS.ErrnoException, failure: SendFailure): void {
    this.#host.counters.sendErrors++;
    // What broke the socket says more than that the write was given up.
    failure.sendFailed((this.#socket.errored as NodeJS.ErrnoException | null)?.code ?? error.code ?? 'EIO');
  }

  /** Sends what waits, says good-bye and reads on (and forgets) until the peer does so too, or `closeMs` are over. */
  close(): void {
    if (!this.#open) return;
    this.#leave();
    this.deadline = this.#host.now() + this.#host.limits.closeMs;
    this.#socket.end();
  }

  finish(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once('close', () => resolve());
      this.close();
    });
  }

  expire(): void {
    if (this.#attempting) this.#destroy('ETIMEDOUT');
    else this.#socket.destroy();
    this.#leave();
  }

  #destroy(code: SendFailureCode): void {
    this.#leave();
    this.#socket.destroy(Object.assign(new Error(code), { code }));
  }

  #leave(): void {
    this.#open = false;
    this.#framer.end();
  }
}
