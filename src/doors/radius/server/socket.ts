/** A port of the door. Errors: those of platform/listen-error.ts. */
import type { ListenAddress } from '../../../platform/listen-address.ts';
import { listenError } from '../../../platform/listen-error.ts';
import type { ByteSocket, OpenByteSocket } from '../../../platform/udp/byte-socket.ts';
import type { Port, PortKind, Receiver } from './receiver.ts';

export interface OpenPort {
  readonly kind: PortKind;
  /** As the configuration says it. */
  readonly wanted: ListenAddress;
  /** Of the socket: with the port that the system chose, if it was asked to. */
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function openPort(
  kind: PortKind,
  wanted: ListenAddress,
  option: string,
  receiver: Receiver,
  open: OpenByteSocket,
): Promise<OpenPort> {
  const own: Port = {
    kind,
    name: `${kind} ${wanted.address}`,
    send: (reply, to) => socket.send(reply, to.port, to.address),
  };
  let socket: ByteSocket;
  try {
    socket = await open(wanted, {
      onDatagram: (datagram, address, port) => receiver.receive(datagram, { address, port }, own),
      onFailure: () => void receiver.counters.sendErrors++,
    });
  } catch (error) {
    throw listenError({ protocol: 'udp', ...wanted, option }, error as NodeJS.ErrnoException);
  }
  return { kind, wanted, address: wanted.address, port: socket.port, close: () => socket.close() };
}
