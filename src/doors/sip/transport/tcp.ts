/**
 * TCP: listeners, accepted and opened connections, and which of them leads where.
 *
 * A connection is used again for every target with its remote address and port, whoever opened it. One sweep a second ends those
 * whose deadline has passed. Numbers of connections
 * are bounded, in all and per remote address.
 */
import { once } from 'node:events';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../platform/clock.ts';
import type { Counters } from './datagram.ts';
import type { SendFailureCode } from './errors.ts';
import { type Advertised, familyOf, hostPort, isWildcard, listenPoint } from './point.ts';
import { type ConnectionHost, TcpConnection, type TcpLimits } from './tcp-connection.ts';
import type { ListenPoint, Receiver, SendFailure, Source } from './types.ts';

export const TCP_LIMITS: TcpLimits = {
  connections: 10_000,
  perAddress: 500,
  idleMs: 3_600_000,
  messageMs: 32_000,
  connectMs: 10_000,
  closeMs: 2_000,
  queueBytes: 1024 * 1024,
};

const SWEEP_MS = 1_000;
/** The kernel finds out whether a silent peer is still there. */
const KEEP_ALIVE_MS = 120_000;
const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };

export class TcpPool implements ConnectionHost {
  readonly limits: TcpLimits;
  readonly counters: Counters;
  readonly #receiver: Receiver;
  readonly #clock: Clock;
  readonly #servers: Server[] = [];
  /** All that are not closed yet. */
  readonly #connections = new Set<TcpConnection>();
  /** By remote address and port; the newest one counts. */
  readonly #routes = new Map<string, TcpConnection>();
  /** Accepted ones by remote address. */
  readonly #perAddress = new Map<string, number>();
  #interval: NodeJS.Timeout | undefined;
  #stopping = false;
  refused = 0;

  constructor(receiver: Receiver, counters: Counters, clock: Clock, limits: Partial<TcpLimits> = {}) {
    this.#receiver = receiver;
    this.counters = counters;
    this.#clock = clock;
    this.limits = { ...TCP_LIMITS, ...limits };
  }

  get size(): number {
    return this.#connections.size;
  }

  async listen(listen: { address: string; port: number; advertised?: Advertised | undefined }): Promise<ListenPoint> {
    const { address, port, advertised } = listen;
    const server = createServer(SOCKET_OPTIONS);
    server.listen({ host: address, port, ipv6Only: familyOf(address) === 6, exclusive: true });
    await once(server, 'listening');
    const bound = server.address() as { address: string; port: number };
    const point = listenPoint('tcp', bound.address, bound.port, advertised);
    server.on('connection', (socket) => this.#accept(socket, point));
    // accept failed (out of descriptors); the listener itself lives on.
    server.on('error', () => void this.refused++);
    this.#servers.push(server);
    this.#interval ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
    return point;
  }

  #accept(socket: Socket, point: ListenPoint): void {
    const { remoteAddress: address, remotePort: port } = socket;
    const count = this.#perAddress.get(address ?? '') ?? 0;
    if (
      address === undefined ||
      port === undefined ||
      this.#stopping ||
      this.#full ||
      count >= this.limits.perAddress
    ) {
      this.refused++;
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, count + 1);
    this.#add(new TcpConnection(socket, this, { point, address, port, accepted: true }));
  }

  get #full(): boolean {
    return this.#connections.size >= this.limits.connections;
  }

  #add(connection: TcpConnection): void {
    this.#connections.add(connection);
    this.#routes.set(hostPort(connection.remoteAddress, connection.remotePort), connection);
  }

  /** Sends over the connection that leads there, or a new one from `point`. */
  send(text: string, address: string, port: number, point: ListenPoint, failure: SendFailure | undefined): void {
    const connection = this.#routes.get(hostPort(address, port));
    if (connection?.open) connection.send(text, failure);
    else if (this.#stopping) this.#fail(failure, 'NO_SOCKET');
    else if (isIP(address) === 0) this.#fail(failure, 'BAD_TARGET');
    else if (this.#full) this.#fail(failure, 'TOO_MANY_CONNECTIONS');
    else this.#connect(address, port, point).send(text, failure);
  }

  #connect(address: string, port: number, point: ListenPoint): TcpConnection {
    const localAddress = isWildcard(point.address) ? undefined : point.address;
    const socket = connect({ host: address, port, localAddress, ...SOCKET_OPTIONS });
    const connection = new TcpConnection(socket, this, { point, address, port, accepted: false });
    this.#add(connection);
    return connection;
  }

  #fail(failure: SendFailure | undefined, code: SendFailureCode): void {
    this.counters.sendErrors++;
    if (failure) process.nextTick(() => failure.sendFailed(code));
  }

  now(): number {
    return this.#clock.monotonic();
  }

  received(text: string, source: Source): void {
    this.counters.received++;
    this.#receiver.onMessage(text, source);
  }

  unframed(reason: string, source: Source, head: string): void {
    this.#receiver.onUnframed(reason, source, head);
  }

  closed(connection: TcpConnection): void {
    this.#connections.delete(connection);
    const { remoteAddress: address, remotePort: port } = connection;
    const route = hostPort(address, port);
    if (this.#routes.get(route) === connection) this.#routes.delete(route);
    if (!connection.accepted) return;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  /** Ends the connections whose time is over. */
  sweep(): void {
    const now = this.now();
    for (const connection of this.#connections) if (now >= connection.deadline) connection.expire();
  }

  /** Closes listeners at once and connections after what waits in them was sent, at the latest after `closeMs`. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#interval);
    const closing = this.#servers.map((server) => once(server.close(), 'close'));
    const late = setTimeout(() => {
      for (const connection of this.#connections) connection.expire();
    }, this.limits.closeMs);
    await Promise.all([...closing, ...[...this.#connections].map((connection) => connection.finish())]);
    clearTimeout(late);
  }
}
