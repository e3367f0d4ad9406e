/**
 * The sockets of the SIP door behind one interface.
 *
 * Errors of `start`: those of platform/listen-error.ts.
 */
import { type Clock, systemClock } from '../../../platform/clock.ts';
import { describeError, GatehouseError } from '../../../platform/errors.ts';
import type { OfferUpgrades, TakeUpgrade } from '../../../platform/http-upgrade.ts';
import { listenError } from '../../../platform/listen-error.ts';
import type { Log } from '../../../platform/log.ts';
import { Seldom } from '../../../platform/seldom.ts';
import { socketsOnPort } from '../../../platform/socket-table.ts';
import type { Certificates, TlsOptions } from '../../../platform/tls/certificates.ts';
import type { Fault } from '../message/message.ts';
import { ConnectionNames } from './connection-names.ts';
import type { ConnectionLimits, StreamProtocol } from './connections.ts';
import type { Counters, DatagramSocket, OpenDatagramSocket } from './datagram.ts';
import type { SendFailureCode } from './errors.ts';
import { type Advertised, choosePoint, hostPort, listenPoint } from './point.ts';
import { ConnectionPool } from './pool.ts';
import { Tcp } from './tcp.ts';
import type {
  Connection,
  ListenPoint,
  Protocol,
  Receiver,
  SendFailure,
  Source,
  Target,
  Transport,
  TransportStats,
} from './types.ts';
import { openUdp } from './udp.ts';
import type { WebSocketOptions, WebSockets } from './web-socket.ts';

const LISTEN_OPTION = '`sip.listen` of gatehouse.yaml, or the `listen` and `port` lines of ser.cfg';

export interface Listen {
  readonly protocol: Protocol;
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly advertised?: Advertised | undefined;
}

export interface TransportOptions {
  readonly listen: readonly Listen[];
  readonly log: Log;
  /** What limits count an address as: itself, or its network. */
  readonly placeOf: (address: string) => string;
  readonly clock?: Clock;
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /** For listeners of TLS. */
  readonly tls?: TlsOptions | undefined;
  readonly webSocket?: WebSocketOptions | undefined;
  /** How UDP sockets are opened (udp-choice.ts); Node's dgram if absent. */
  readonly openDatagramSocket?: OpenDatagramSocket;
}

export interface SocketTransport extends Transport {
  /** WebSockets over an HTTP server that listens there; after the start. */
  readonly adoptWebSockets?: OfferUpgrades;
  /** What the system gave less of than asked; known after `start`. */
  readonly warnings: readonly string[];
  /** When the first certificate ends that TLS works with; milliseconds since the epoch. */
  readonly certificateEnd: number | undefined;
  /**
   * Reads certificates anew, from other files if need be; what is given puts them in force, and whom WebSockets are for. Connections
   * that stand are not touched. Errors: TLS_CERTIFICATE; nothing has changed then.
   */
  prepare(tls: TlsOptions | undefined, webSocket: WebSocketOptions | undefined): () => void;
}

export function createTransport(options: TransportOptions): SocketTransport {
  return new Sockets(options);
}

class Sockets implements SocketTransport {
  readonly points: ListenPoint[] = [];
  readonly warnings: string[] = [];
  readonly names = new ConnectionNames();
  readonly #options: TransportOptions;
  readonly #counters: Counters = { received: 0, sent: 0, sendErrors: 0 };
  readonly #udp: DatagramSocket[] = [];
  #pool: ConnectionPool | undefined;
  #certificates: Certificates | undefined;
  readonly #webSockets: WebSockets[] = [];

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async start(receiver: Receiver): Promise<void> {
    const { clock = systemClock, placeOf, connectionLimits, openDatagramSocket = openUdp } = this.#options;
    const guarded = new GuardedReceiver(receiver, this.#options.log, clock);
    const pool = new ConnectionPool(guarded, this.#counters, clock, this.names, placeOf, connectionLimits);
    this.#pool = pool;
    for (const listen of this.#options.listen) {
      try {
        if (listen.protocol !== 'udp') {
          const protocol = await this.#protocol(listen.protocol, pool, clock);
          this.points.push(await protocol.listen(listen));
        } else {
          const socket = await openDatagramSocket(listen, guarded, this.#counters);
          this.#udp.push(socket);
          this.points.push(socket.point);
          if (socket.warning !== undefined) this.warnings.push(socket.warning);
        }
      } catch (error) {
        await this.stop();
        if (error instanceof GatehouseError) throw error;
        const protocol = listen.protocol === 'udp' ? 'udp' : 'tcp';
        throw listenError({ ...listen, protocol, option: LISTEN_OPTION }, error as NodeJS.ErrnoException);
      }
    }
    for (const warning of this.warnings) this.#options.log.warn(warning);
  }

  async adoptWebSockets({ address, port, secure }: Parameters<OfferUpgrades>[0]): Promise<TakeUpgrade> {
    const { clock = systemClock } = this.#options;
    const pool = this.#pool;
    if (pool === undefined) throw new Error('WebSockets were offered before the start');
    const point = listenPoint(secure ? 'wss' : 'ws', address, port);
    this.points.push(point);
    return (request, socket, head) => {
      this.#protocol('ws', pool, clock).then(
        (protocol) => (protocol as WebSockets).take(request, socket, head, point),
        () => socket.destroy(),
      );
    };
  }

  /** What UDP and TCP do without is loaded when it is needed. */
  async #protocol(name: Protocol, pool: ConnectionPool, clock: Clock): Promise<StreamProtocol> {
    const known = pool.protocol(name);
    if (known) return known;
    const made = name === 'tcp' ? new Tcp(pool) : await this.#make(name, pool, clock);
    pool.use(name, made);
    return made;
  }

  async #make(name: Protocol, pool: ConnectionPool, clock: Clock): Promise<StreamProtocol> {
    const certificates = name === 'ws' ? undefined : await this.#openCertificates();
    if (name === 'tls') {
      const { Tls } = await import('./tls.ts');
      return new Tls(pool, certificates!, this.#options.log, clock);
    }
    const { WebSockets } = await import('./web-socket.ts');
    const webSockets = new WebSockets(pool, this.#options.webSocket, certificates);
    this.#webSockets.push(webSockets);
    return webSockets;
  }

  async #openCertificates(): Promise<Certificates> {
    const { tls, log } = this.#options;
    if (tls === undefined) throw new Error('TLS without certificates');
    const { Certificates } = await import('../../../platform/tls/certificates.ts');
    this.#certificates ??= new Certificates(tls, log);
    return this.#certificates;
  }

  send(text: string, target: Target, failure?: SendFailure): void {
    const { address, port, connection } = target;
    if (connection?.open) {
      connection.send(text, failure);
      return;
    }
    const point = this.pointFor(target.protocol, address, target.point);
    if (point === undefined) this.#fail(failure, 'NO_SOCKET');
    else if (!(port > 0 && port < 65_536)) this.#fail(failure, 'BAD_TARGET');
    else if (point.protocol === 'udp') this.#udpSocket(point).send(text, address, port, failure);
    else this.#pool?.send(text, target, point, failure);
  }

  get turn(): number {
    let turn = Number.POSITIVE_INFINITY;
    for (const socket of this.#udp) turn = Math.min(turn, socket.turn);
    return turn;
  }

  get waited(): number {
    let waited = 0;
    for (const socket of this.#udp) waited = Math.max(waited, socket.waited);
    return waited;
  }

  get certificateEnd(): number | undefined {
    return this.#certificates?.validTo;
  }

  prepare(tls: TlsOptions | undefined, webSocket: WebSocketOptions | undefined): () => void {
    const renew = tls && this.#certificates?.prepare(tls);
    return () => {
      renew?.();
      for (const protocol of this.#webSockets) protocol.allow(webSocket);
    };
  }

  #udpSocket(point: ListenPoint): DatagramSocket {
    for (const socket of this.#udp) if (socket.point === point) return socket;
    throw new Error(`no socket for ${point.name}`);
  }

  #fail(failure: SendFailure | undefined, code: SendFailureCode): void {
    this.#counters.sendErrors++;
    if (failure) process.nextTick(() => failure.sendFailed(code));
  }

  pointFor(protocol: Protocol, address: string, preferred?: ListenPoint): ListenPoint | undefined {
    return choosePoint(this.points, protocol, address, preferred);
  }

  connectionTo(protocol: Protocol, address: string, port: number, name?: string): Connection | undefined {
    return this.#pool?.find(protocol, address, port, protocol === 'tls' ? name : '');
  }

  alias(connection: Connection, port: number): boolean {
    return this.#pool?.alias(connection, port) ?? false;
  }

  async stop(): Promise<void> {
    this.points.length = 0;
    this.#certificates?.close();
    await Promise.all([this.#pool?.stop(), ...this.#udp.splice(0).map((socket) => socket.close())]);
  }

  stats(): TransportStats {
    return { ...this.#counters, connections: this.#pool?.size ?? 0, kernelDrops: this.#kernelDrops() };
  }

  #kernelDrops(): number {
    let drops = 0;
    for (const { protocol, family, address, port } of this.points) {
      if (protocol !== 'udp') continue;
      const rows = socketsOnPort(family === 6 ? 'udp6' : 'udp', port);
      drops += rows.find((row) => row.address === address)?.drops ?? 0;
    }
    return drops;
  }
}

/** A message that makes the door throw must not end the process, nor the socket it came over. */
class GuardedReceiver implements Receiver {
  readonly #receiver: Receiver;
  readonly #log: Log;
  readonly #failures: Seldom;

  constructor(receiver: Receiver, log: Log, clock: Clock) {
    this.#receiver = receiver;
    this.#log = log;
    this.#failures = new Seldom(clock);
  }

  onMessage(text: string, source: Source): void {
    try {
      this.#receiver.onMessage(text, source);
    } catch (error) {
      this.#report(error, source);
    }
  }

  onUnframed(fault: Fault, source: Source, head: string): void {
    try {
      this.#receiver.onUnframed(fault, source, head);
    } catch (error) {
      this.#report(error, source);
    }
  }

  #report(error: unknown, source: Source): void {
    if (!this.#failures.due()) return;
    const from = hostPort(source.address, source.port);
    this.#log.error('a message could not be handled', { error: describeError(error), from });
  }
}
