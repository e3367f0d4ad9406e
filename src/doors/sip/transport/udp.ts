/**
 * A UDP socket on Node's dgram.
 *
 * A socket of 4 MB receive buffer survives the bursts that break SIP servers first. The system may give less
 * (net.core.rmem_max); `warning` says so then. Keep-alives (datagrams of CR, LF and NUL only) are swallowed.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Counters, DatagramSocket } from './datagram.ts';
import type { SendFailureCode } from './errors.ts';
import { type Advertised, familyOf, listenPoint } from './point.ts';
import type { ListenPoint, Receiver, SendFailure, Source } from './types.ts';

export const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** Largest payload of an IPv4 datagram. */
const MAX_DATAGRAM = 65_507;
const SPACE = 0x20;

export async function openUdp(
  listen: { readonly address: string; readonly port: number; readonly advertised?: Advertised | undefined },
  receiver: Receiver,
  counters: Counters,
): Promise<DatagramSocket> {
  const family = familyOf(listen.address);
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    recvBufferSize: RECEIVE_BUFFER,
    lookup: alreadyAnAddress,
  });
  // With our synchronous lookup `bind` may emit before it returns.
  const listening = once(socket, 'listening');
  socket.bind({ address: listen.address, port: listen.port, exclusive: true });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  return new UdpSocket(socket, listen.advertised, receiver, counters);
}

/** In place of Node's DNS: called for each datagram, it must answer before it returns. */
function alreadyAnAddress(
  address: string,
  family: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, family as number);
}

class UdpSocket implements DatagramSocket {
  readonly point: ListenPoint;
  readonly warning: string | undefined;
  readonly #socket: Socket;
  readonly #receiver: Receiver;
  readonly #counters: Counters;
  #open = true;

  constructor(socket: Socket, advertised: Advertised | undefined, receiver: Receiver, counters: Counters) {
    const { address, port } = socket.address();
    this.point = listenPoint('udp', address, port, advertised);
    this.#socket = socket;
    this.#receiver = receiver;
    this.#counters = counters;
    this.warning = bufferWarning(this.point, socket.getRecvBufferSize());
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
    // recvmsg failed; the socket itself lives on.
    socket.on('error', () => void counters.sendErrors++);
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const start = (datagram[0] ?? 0) < SPACE ? firstOfMessage(datagram) : 0;
    if (start === datagram.length) return;
    this.#counters.received++;
    // A new Source for each message: allocating it is cheaper than finding a cached one by address and port.
    const source: Source = { point: this.point, address: from.address, port: from.port, connection: undefined };
    this.#receiver.onMessage(datagram.toString('latin1', start, datagram.length), source);
  }

  send(text: string, address: string, port: number, failure: SendFailure | undefined): void {
    this.#counters.sent++;
    if (text.length > MAX_DATAGRAM || !this.#open) {
      this.#counters.sendErrors++;
      const code: SendFailureCode = this.#open ? 'TOO_LARGE' : 'NO_SOCKET';
      if (failure) process.nextTick(() => failure.sendFailed(code));
      return;
    }
    const datagram = Buffer.from(text, 'latin1');
    // With a callback Node makes a tick per datagram, even when the kernel took it at once.
    if (failure === undefined) this.#socket.send(datagram, port, address);
    else this.#socket.send(datagram, port, address, (error) => error && this.#failed(error, failure));
  }

  #failed(error: NodeJS.ErrnoException, failure: SendFailure): void {
    this.#counters.sendErrors++;
    failure.sendFailed(error.code ?? 'EIO');
  }

  close(): Promise<void> {
    if (!this.#open) return Promise.resolve();
    this.#open = false;
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}

/** Index of the first byte that is not CR, LF or NUL. */
function firstOfMessage(datagram: Buffer): number {
  let at = 0;
  while (at < datagram.length) {
    const byte = datagram[at];
    if (byte !== 0x0d && byte !== 0x0a && byte !== 0) break;
    at++;
  }
  return at;
}

function bufferWarning(point: ListenPoint, reported: number): string | undefined {
  // Linux reports twice what it was asked for, to account for its own book-keeping.
  const given = process.platform === 'linux' ? reported / 2 : reported;
  if (given >= RECEIVE_BUFFER) return undefined;
  return (
    `${point.name} got a receive buffer of ${Math.floor(given / 1024)} KiB instead of 4096: bursts may be lost; ` +
    `run: sysctl -w net.core.rmem_max=${RECEIVE_BUFFER}`
  );
}
