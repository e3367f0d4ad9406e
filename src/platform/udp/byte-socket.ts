/**
 * A UDP socket for packets of bytes: on the native module where there is one that works, else on Node's dgram, which costs twice as much.
 *
 * What cannot be sent at once is lost and counted, as on the way: whoever asked asks again. Errors: those of binding, named as dgram's.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { ListenAddress } from '../listen-address.ts';
import { FIELDS, loadNativeUdp, type NativeUdp, SLOT } from './native-udp.ts';
import { SenderNames } from './sender-names.ts';

export interface ByteSocket {
  /** As it is bound: with the port that the system chose, if it was asked to. */
  readonly address: string;
  readonly port: number;
  send(bytes: Buffer, port: number, address: string): void;
  close(): Promise<void>;
}

export interface ByteReceiver {
  /** `datagram` is whoever's it is given to. Must not throw. */
  onDatagram(datagram: Buffer, address: string, port: number): void;
  /** One datagram could not be read or sent; the socket lives on. */
  onFailure(): void;
}

export type OpenByteSocket = (wanted: ListenAddress, receiver: ByteReceiver) => Promise<ByteSocket>;

/** What many send at once is lost in a small buffer before anybody reads it. */
const BUFFER = 4 << 20;

/** `native`: whether the module may be used. */
export function byteSockets(native: boolean): OpenByteSocket {
  try {
    return native ? nativeSockets(loadNativeUdp()) : openOnDgram;
  } catch {
    return openOnDgram;
  }
}

export function nativeSockets(native: NativeUdp): OpenByteSocket {
  const bytes = Buffer.from(native.received);
  const header = new Int32Array(native.header);
  const names = new SenderNames(native);
  return async ({ address, port }, receiver) => {
    let isOpen = true;
    const opened = native.open(address, port, isIPv6(address) ? 6 : 4, BUFFER, receive, () => {});
    if (typeof opened === 'number') {
      const code = getSystemErrorName(opened);
      throw Object.assign(new Error(`bind ${code} ${address}:${port}`), { code, errno: opened, syscall: 'bind' });
    }
    const { socket } = opened;
    return { address: opened.address, port: opened.port, send, close };

    function receive(count: number): void {
      if (count < 0) receiver.onFailure();
      for (let i = 0; i < count && isOpen; i++) {
        const slot = i * SLOT;
        // A copy: the module's memory is written over by the next batch.
        const datagram = Buffer.from(bytes.subarray(slot, slot + header[i * FIELDS]!));
        receiver.onDatagram(datagram, names.of(i, header), header[i * FIELDS + 1]!);
      }
    }

    function send(datagram: Buffer, toPort: number, to: string): void {
      if (isOpen && native.send(socket, datagram.toString('latin1'), to, toPort) !== 0) receiver.onFailure();
    }

    async function close(): Promise<void> {
      if (isOpen) native.close(socket);
      isOpen = false;
    }
  };
}

export async function openOnDgram({ address, port }: ListenAddress, receiver: ByteReceiver): Promise<ByteSocket> {
  const isV6 = isIPv6(address);
  const socket = createSocket({
    type: isV6 ? 'udp6' : 'udp4',
    ipv6Only: isV6,
    recvBufferSize: BUFFER,
    sendBufferSize: BUFFER,
    lookup: alreadyAnAddress,
  });
  const listening = once(socket, 'listening');
  socket.bind({ address, port, exclusive: true });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  let isOpen = true;
  socket.on('message', (datagram, from) => receiver.onDatagram(datagram, from.address, from.port));
  socket.on('error', () => receiver.onFailure());
  const bound = socket.address();
  return {
    address: bound.address,
    port: bound.port,
    send(datagram, toPort, to) {
      if (isOpen) socket.send(datagram, toPort, to);
    },
    close() {
      if (!isOpen) return Promise.resolve();
      isOpen = false;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

/** In place of Node's DNS. */
function alreadyAnAddress(
  address: string,
  family: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, family as number);
}
