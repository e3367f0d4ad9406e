/** A UDP socket of the door. Errors: those of platform/listen-error.ts. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { ListenAddress } from '../../../platform/listen-address.ts';
import { listenError } from '../../../platform/listen-error.ts';
import type { Port, PortKind, Receiver, Sender } from './receiver.ts';

/** What many ask at once is lost in a small buffer before anybody reads it. */
const BUFFER = 4 << 20;

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
): Promise<OpenPort> {
  const { address, port } = wanted;
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
    throw listenError({ protocol: 'udp', address, port, option }, error as NodeJS.ErrnoException);
  }
  const { counters } = receiver;
  let open = true;
  const own: Port = { kind, name: `${kind} ${address}`, send };
  socket.on('message', (datagram, from) => receiver.receive(datagram, from, own));
  // One datagram could not be read or sent; the socket lives on.
  socket.on('error', () => void counters.sendErrors++);
  return { kind, wanted, address, port: socket.address().port, close };

  function send(reply: Buffer, to: Sender): void {
    if (open) socket.send(reply, to.port, to.address);
  }

  function close(): Promise<void> {
    open = false;
    return new Promise((resolve) => socket.close(() => resolve()));
  }
}

/** In place of Node's DNS. */
function alreadyAnAddress(
  address: string,
  family: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, family as number);
}
