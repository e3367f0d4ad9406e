/**
 * All connections of TCP, TLS and WebSocket, and which of them leads where.
 *
 * A connection is used again for every target with its protocol, remote address and port, whoever opened it; one whose peer had to
 * prove a host name, only for that name. One sweep a second ends those whose deadline has passed. Accepted and opened ones are bounded
 * apart, in all and per place (an address, of IPv6 the /64), so that requests to many destinations do not keep telephones out;
 * attempts to connect are few, since most that last lead nowhere.
 */
import { isIP, type Socket } from 'node:net';
import type { Clock } from '../../../platform/clock.ts';
import type { Fault } from '../message/message.ts';
import type { ConnectionNames } from './connection-names.ts';
import {
  type Accepting,
  type ConnectionLimits,
  type Ends,
  type PooledConnection,
  routeOf,
  type StreamProtocol,
} from './connections.ts';
import type { Counters } from './datagram.ts';
import type { SendFailureCode } from './errors.ts';
import { hostPort } from './point.ts';
import { Tally } from './tally.ts';
import type { Connection, ListenPoint, Protocol, Receiver, SendFailure, Source, Target } from './types.ts';

export const CONNECTION_LIMITS: ConnectionLimits = {
  accepted: 10_000,
  opened: 2_000,
  perPlace: 500,
  connecting: 100,
  connectingPerPlace: 10,
  idleMs: 3_600_000,
  messageMs: 32_000,
  connectMs: 10_000,
  closeMs: 2_000,
  pingMs: 45_000,
  pongMs: 15_000,
  queueBytes: 1024 * 1024,
};

const SWEEP_MS = 1_000;

export class ConnectionPool implements Accepting {
  readonly limits: ConnectionLimits;
  readonly counters: Counters;
  readonly #receiver: Receiver;
  readonly #clock: Clock;
  readonly #names: ConnectionNames;
  readonly #placeOf: (address: string) => string;
  readonly #protocols = new Map<Protocol, StreamProtocol>();
  /** All that are not closed yet. */
  readonly #connections = new Set<PooledConnection>();
  /** The newest one counts. */
  readonly #routes = new Map<string, PooledConnection>();
  /** Further routes of connections. */
  readonly #aliases = new Map<Connection, string>();
  /** Accepted sockets and their routes: a connection stands over them, or they have not come so far yet (TLS, HTTP). */
  readonly #admitted = new Map<Socket, string>();
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
    names: ConnectionNames,
    placeOf: (address: string) => string,
    limits: Partial<ConnectionLimits> = {},
  ) {
    this.#receiver = receiver;
    this.#placeOf = placeOf;
    this.counters = counters;
    this.#clock = clock;
    this.#names = names;
    this.limits = { ...CONNECTION_LIMITS, ...limits };
  }

  get size(): number {
    return this.#connections.size;
  }

  protocol(name: Protocol): StreamProtocol | undefined {
    return this.#protocols.get(name);
  }

  use(name: Protocol, protocol: StreamProtocol): void {
    this.#protocols.set(name, protocol);
    this.#interval ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  admit(socket: Socket, point: ListenPoint): boolean {
    const { remoteAddress: address, remotePort: port } = socket;
    const place = this.#placeOf(address ?? '');
    // A socket may break before anybody else listens to it.
    socket.on('error', () => {});
    if (address === undefined || port === undefined || !this.#mayAccept(place)) {
      this.refused++;
      socket.destroy();
      return false;
    }
    this.#accepted.add(place);
    this.#admitted.set(socket, routeOf(point.protocol, hostPort(address, port), ''));
    socket.on('close', () => {
      this.#accepted.remove(place);
      this.#admitted.delete(socket);
    });
    return true;
  }

  accept(socket: Socket, point: ListenPoint, make: (ends: Ends) => PooledConnection): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined || this.#stopping) socket.destroy();
    else this.#add(make({ point, address, port, place: this.#placeOf(address), accepted: true, name: '' }));
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

  #add(connection: PooledConnection): void {
    this.#connections.add(connection);
    this.#routes.set(routeTo(connection), connection);
  }

  /** The open connection that leads there. */
  find(protocol: Protocol, address: string, port: number, name = ''): PooledConnection | undefined {
    const connection = this.#routes.get(routeOf(protocol, hostPort(address, port), name));
    if (connection?.open) return connection;
    // A URI says ws for both.
    return protocol === 'ws' ? this.find('wss', address, port) : undefined;
  }

  /** One other port at most leads to a connection, the last one said. False: somebody else's connection leads there. */
  alias(connection: Connection, port: number): boolean {
    const { point, remoteAddress, open } = connection;
    const route = routeOf(point.protocol, hostPort(remoteAddress, port), '');
    const other = this.#routes.get(route);
    if (!open || (other?.open && other !== connection)) return false;
    this.#forgetAlias(connection);
    if (port === connection.remotePort) return true;
    this.#routes.set(route, connection as PooledConnection);
    this.#aliases.set(connection, route);
    return true;
  }

  #forgetAlias(connection: Connection): void {
    const route = this.#aliases.get(connection);
    if (route === undefined) return;
    this.#aliases.delete(connection);
    if (this.#routes.get(route) === connection) this.#routes.delete(route);
  }

  /** Sends over the connection that leads there, or a new one from `point`. */
  send(text: string, target: Target, point: ListenPoint, failure: SendFailure | undefined): void {
    const { address, port, name = '' } = target;
    const connection = this.find(point.protocol, address, port, name);
    if (connection) connection.send(text, failure);
    else if (this.#stopping) this.#fail(failure, 'NO_SOCKET');
    else if (isIP(address) === 0) this.#fail(failure, 'BAD_TARGET');
    else this.#open(text, target, point, failure);
  }

  #open(
    text: string,
    { address, port, name = '' }: Target,
    point: ListenPoint,
    failure: SendFailure | undefined,
  ): void {
    const protocol = this.#protocols.get(point.protocol);
    const place = this.#placeOf(address);
    if (protocol?.connect === undefined) {
      this.#fail(failure, 'CONNECTION_GONE');
    } else if (this.#mayConnect(place)) {
      this.#opened.add(place);
      this.#connecting.add(place);
      const connection = protocol.connect({ point, address, port, place, accepted: false, name });
      this.#add(connection);
      connection.send(text, failure);
    } else this.#fail(failure, 'TOO_MANY_CONNECTIONS');
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

  closed(connection: PooledConnection): void {
    this.#connections.delete(connection);
    this.#names.forget(connection);
    this.#forgetAlias(connection);
    const route = routeTo(connection);
    if (this.#routes.get(route) === connection) this.#routes.delete(route);
    if (!connection.accepted) this.#opened.remove(connection.place);
  }

  attempted(connection: PooledConnection): void {
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
    const closing = [...this.#protocols.values()].map((protocol) => protocol.close());
    for (const [socket, route] of this.#admitted) if (!this.#routes.has(route)) socket.destroy();
    const late = setTimeout(() => {
      for (const connection of this.#connections) connection.expire();
    }, this.limits.closeMs);
    await Promise.all([...closing, ...[...this.#connections].map((connection) => connection.finish())]);
    clearTimeout(late);
  }
}

function routeTo({ point, remoteAddress, remotePort, name }: PooledConnection): string {
  return routeOf(point.protocol, hostPort(remoteAddress, remotePort), name);
}
