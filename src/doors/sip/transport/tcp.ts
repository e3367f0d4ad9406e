/**
 * TCP: listeners, accepted and opened connections, and which of them leads where.
 *
 * A connection is used again for every target with its remote address and port, whoever opened it. One sweep a second ends those
 * whose deadline has passed. Accepted and opened ones are bounded apart, in all and per place (an address, of IPv6 the /64), so
 * that requests to many destinations do not keep telephones out; attempts to connect are few, since most that last lead nowhere.
 */
import { once } from 'node:events';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../platform/clock.ts';
import type { Fault } from '../message/message.ts';
import type { Counters } from './datagram.ts';
import type { SendFailureCode } from './errors.ts';
import { type Advertised, familyOf, hostPort, isWildcard, listenPoint } from './point.ts';
import { Tally } from './tally.ts';
import { type ConnectionHost, TcpConnection, type TcpLimits } from './tcp-connection.ts';
import type { ListenPoint, Receiver, SendFailure, Source } from './types.ts';

export const TCP_LIMITS: TcpLimits = {
  accepted: 10_000,
  opened: 2_000,
  perPlace: 500,
  connecting: 100,
  connectingPerPlace: 10,
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
  readonly #placeOf: (address: string) => string;
  /** By place. */
  readonly #accepted = new Tally();
  readonly #opened = new Tally();
  readonly #connecting = new Tally();
  #interval: NodeJS.Timeout | undefined;
  #stopping = false;
  refused = 0;

  constructor(
    receiver: Receiver,
    counters: Counters,
    clock: Clock,
    placeOf: (address: string) => string,
    limits: Partial<TcpLimits> = {},
  ) {
    this.#receiver = receiver;
    this.#placeOf = placeOf;
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
    const place = this.#placeOf(address ?? '');
    if (address === undefined || port === undefined || !this.#mayAccept(place)) {
      this.refused++;
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    this.#accepted.add(place);
    this.#add(new TcpConnection(socket, this, { point, address, port, place, accepted: true }));
  }

  #mayAccept(place: string): boolean {
    const { accepted, perPlace } = this.limits;
    return !this.#stopping && this.#accepted.total < accepted && this.#accepted.of(place) < perPlace;
  }

  #mayConnect(place: string): boolean {
    const { opened, perPlace, connecting, connectingPerPlace } = this.limits;
    if (this.#opened.total >= opened || this.#opened.of(place) >= perPlace) return false;
    return this.#connecting.total < connecting && this.#connecting.of(place) < connectingPerPlace;
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
    else this.#open(text, address, port, point, failure);
  }

  #open(text: string, address: string, port: number, point: ListenPoint, failure: SendFailure | undefined): void {
    const place = this.#placeOf(address);
    if (this.#mayConnect(place)) this.#connect(address, port, place, point).send(text, failure);
    else this.#fail(failure, 'TOO_MANY_CONNECTIONS');
  }

  #connect(address: string, port: number, place: string, point: ListenPoint): TcpConnection {
    this.#opened.add(place);
    this.#connecting.add(place);
    const localAddress = isWildcard(point.address) ? undefined : point.address;
    const socket = connect({ host: address, port, localAddress, ...SOCKET_OPTIONS });
    const connection = new TcpConnection(socket, this, { point, address, port, place, accepted: false });
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

  unframed(fault: Fault, source: Source, head: string): void {
    this.#receiver.onUnframed(fault, source, head);
  }

  closed(connection: TcpConnection): void {
    this.#connections.delete(connection);
    const { remoteAddress: address, remotePort: port } = connection;
    const route = hostPort(address, port);
    if (this.#routes.get(route) === connection) this.#routes.delete(route);
    (connection.accepted ? this.#accepted : this.#opened).remove(connection.place);
  }

  attempted(connection: TcpConnection): void {
    this.#connecting.remove(connection.place);
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
