/**
 * One WebSocket (RFC 7118): each of its messages, text or binary, is one SIP message.
 *
 * A client that says nothing is pinged, and given up when it does not answer. `deadline` (monotonic milliseconds) is looked at by the
 * pool's sweep: the first message must have come by then, the next ping is due, its answer is, or the good-bye.
 * Bounds: a message of as many bytes as over TCP, in at most 64 frames; bytes that wait for a peer that does not read.
 */
import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ConnectionHost, Ends, PooledConnection } from './connections.ts';
import type { SendFailureCode } from './errors.ts';
import type { ListenPoint, SendFailure, Source } from './types.ts';

/** RFC 6455 section 7.4.1: the endpoint goes away. */
const GOING_AWAY = 1001;
const CR = 0x0d;
const LF = 0x0a;
const PONG = '\r\n';

export class WebSocketConnection implements PooledConnection {
  readonly point: ListenPoint;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly place: string;
  readonly accepted = true;
  readonly name = '';
  readonly source: Source;
  deadline: number;
  readonly #web: WebSocket;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  #open = true;
  /** It has sent a message. */
  #spoken = false;
  /** A ping went out that nothing has come after. */
  #pinged = false;

  constructor(web: WebSocket, socket: Socket, host: ConnectionHost, ends: Ends) {
    this.#web = web;
    this.#socket = socket;
    this.#host = host;
    this.point = ends.point;
    this.remoteAddress = ends.address;
    this.remotePort = ends.port;
    this.place = ends.place;
    this.source = { point: ends.point, address: ends.address, port: ends.port, connection: this };
    this.deadline = host.now() + host.limits.messageMs;
    web.on('message', (data: Buffer) => this.#receive(data));
    web.on('ping', (data: Buffer) => this.#answerPing(data));
    web.on('pong', () => this.#heard());
    web.on('error', () => this.#leave());
    web.on('close', () => this.#leave());
    socket.on('close', () => {
      this.#leave();
      host.closed(this);
    });
  }

  get open(): boolean {
    return this.#open;
  }

  #receive(data: Buffer): void {
    if (!this.#open) return;
    const start = firstOfMessage(data);
    if (start === data.length) {
      // The keep-alive of RFC 5626 section 3.5.1, which some clients send here, too.
      if (start === 4) this.send(PONG, undefined);
      this.#heard();
      return;
    }
    this.#spoken = true;
    this.#heard();
    this.#host.received(data.toString('latin1', start), this.source);
  }

  /** Who connects owes a message: until it has come, nothing moves the deadline. */
  #heard(): void {
    if (!this.#open || !this.#spoken) return;
    this.#pinged = false;
    this.deadline = this.#host.now() + this.#host.limits.pingMs;
  }

  #answerPing(data: Buffer): void {
    if (!this.#open) return;
    if (this.#web.bufferedAmount > this.#host.limits.queueBytes) this.#destroy();
    else this.#web.pong(data);
    this.#heard();
  }

  send(text: string, failure: SendFailure | undefined): void {
    const { counters, limits } = this.#host;
    counters.sent++;
    if (!this.#open || this.#web.bufferedAmount + text.length > limits.queueBytes) {
      counters.sendErrors++;
      const code: SendFailureCode = this.#open ? 'QUEUE_FULL' : 'CONNECTION_GONE';
      if (this.#open) this.#destroy();
      if (failure) process.nextTick(() => failure.sendFailed(code));
      return;
    }
    const data = Buffer.from(text, 'latin1');
    // A browser closes the connection over a text that is not UTF-8.
    const options = { binary: !isUtf8(data) };
    if (failure === undefined) this.#web.send(data, options);
    else this.#web.send(data, options, (error) => error && this.#failed(error, failure));
  }

  #failed(error: NodeJS.ErrnoException, failure: SendFailure): void {
    this.#host.counters.sendErrors++;
    failure.sendFailed(error.code ?? 'EIO');
  }

  finish(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once('close', () => resolve());
      this.#leave();
      this.deadline = this.#host.now() + this.#host.limits.closeMs;
      this.#web.close(GOING_AWAY);
    });
  }

  expire(): void {
    if (!this.#open || !this.#spoken || this.#pinged) {
      this.#destroy();
      return;
    }
    this.#pinged = true;
    this.deadline = this.#host.now() + this.#host.limits.pongMs;
    this.#web.ping();
  }

  #destroy(): void {
    this.#leave();
    this.#web.terminate();
  }

  #leave(): void {
    this.#open = false;
  }
}

function firstOfMessage(data: Buffer): number {
  let at = 0;
  while (at < data.length && (data[at] === CR || data[at] === LF)) at++;
  return at;
}
