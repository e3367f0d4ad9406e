/**
 * The sockets of the SIP door behind one interface.
 *
 * Errors of `start`: those of platform/listen-error.ts.
 */
import { type Clock, systemClock } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import { listenError } from '../../../platform/listen-error.ts';
import type { Log } from '../../../platform/log.ts';
import { socketsOnPort } from '../../../platform/socket-table.ts';
import type { Fault } from '../message/message.ts';
import { Seldom } from '../seldom.ts';
import type { Counters, DatagramSocket, OpenDatagramSocket } from './datagram.ts';
import type { SendFailureCode } from './errors.ts';
import { type Advertised, choosePoint, hostPort } from './point.ts';
import { TcpPool } from './tcp.ts';
import { TcpConnection, type TcpLimits } from './tcp-connection.ts';
import type {
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
  readonly tcpLimits?: Partial<TcpLimits>;
  /** How UDP sockets are opened (udp-choice.ts); Node's dgram if absent. */
  readonly openDatagramSocket?: OpenDatagramSocket;
}

export interface SocketTransport extends Transport {
  /** What the system gave less of than asked; known after `start`. */
  readonly warnings: readonly string[];
}

export function createTransport(options: TransportOptions): SocketTransport {
  return new Sockets(options);
}

class Sockets implements SocketTransport {
  readonly points: ListenPoint[] = [];
  readonly warnings: string[] = [];
  readonly #options: TransportOptions;
  readonly #counters: Counters = { received: 0, sent: 0, sendErrors: 0 };
  readonly #udp: DatagramSocket[] = [];
  #tcp: TcpPool | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async start(receiver: Receiver): Promise<void> {
    const { clock = systemClock, placeOf, tcpLimits, openDatagramSocket = openUdp } = this.#options;
    const guarded = new GuardedReceiver(receiver, this.#options.log, clock);
    const tcp = new TcpPool(guarded, this.#counters, clock, placeOf, tcpLimits);
    this.#tcp = tcp;
    for (const listen of this.#options.listen) {
      try {
        if (listen.protocol === 'tcp') {
          this.points.push(await tcp.listen(listen));
        } else {
          const socket = await openDatagramSocket(listen, guarded, this.#counters);
          this.#udp.push(socket);
          this.points.push(socket.point);
          if (socket.warning !== undefined) this.warnings.push(socket.warning);
        }
      } catch (error) {
        await this.stop();
        throw listenError({ ...listen, option: LISTEN_OPTION }, error as NodeJS.ErrnoException);
      }
    }
    for (const warning of this.warnings) this.#options.log.warn(warning);
  }

  send(text: string, target: Target, failure?: SendFailure): void {
    const { address, port, connection } = target;
    if (connection?.open && connection instanceof TcpConnection) {
      connection.send(text, failure);
      return;
    }
    const point = this.pointFor(target.protocol, address, target.point);
    if (point === undefined) this.#fail(failure, 'NO_SOCKET');
    else if (!(port > 0 && port < 65_536)) this.#fail(failure, 'BAD_TARGET');
    else if (point.protocol === 'udp') this.#udpSocket(point).send(text, address, port, failure);
    else this.#tcp?.send(text, address, port, point, failure);
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

  async stop(): Promise<void> {
    this.points.length = 0;
    await Promise.all([this.#tcp?.stop(), ...this.#udp.splice(0).map((socket) => socket.close())]);
  }

  stats(): TransportStats {
    return { ...this.#counters, connections: this.#tcp?.size ?? 0, kernelDrops: this.#kernelDrops() };
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
