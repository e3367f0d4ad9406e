/** A UDP socket on Node's dgram: for machines without the native module (native-socket.ts), which costs less. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  bufferWarning,
  type Counters,
  type DatagramListen,
  type DatagramSocket,
  firstOfMessage,
  MAX_DATAGRAM,
  SOCKET_BUFFER,
} from './datagram.ts';
import type { SendFailureCode } from './errors.ts';
import { type Advertised, familyOf, listenPoint } from './point.ts';
import type { ListenPoint, Receiver, SendFailure, Source } from './types.ts';

export async function openUdp(listen: DatagramListen, receiver: Receiver, counters: Counters): Promise<DatagramSocket> {
  const family = familyOf(listen.address);
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    recvBufferSize: SOCKET_BUFFER,
    sendBufferSize: SOCKET_BUFFER,
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

/** libuv reads so many. */
const TURN = 32;

class UdpSocket implements DatagramSocket {
  readonly point: ListenPoint;
  readonly warning: string | undefined;
  readonly turn = TURN;
  readonly waited = 0;
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
    this.warning = bufferWarning(this.point, socket.getRecvBufferSize(), socket.getSendBufferSize());
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
    // recvmsg failed; the socket itself lives on.
    socket.on('error', () => void counters.sendErrors++);
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const start = firstOfMessage(datagram, 0, datagram.length);
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
