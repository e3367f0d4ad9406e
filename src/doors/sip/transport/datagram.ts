/**
 * One UDP socket as the transport sees it, and what its two implementations have in common: Node's dgram (udp.ts) and the
 * native module (native-socket.ts).
 *
 * A socket of 4 MB receive buffer survives the bursts that break SIP servers first. The system may give less
 * (net.core.rmem_max). As much is asked for sending (net.core.wmem_max): what is sent to hosts of the LAN that are gone fills that
 * buffer until nobody is answered, each lingering in it for the three seconds of ARP. `warning` says where it gave less.
 * Keep-alives (datagrams of CR, LF and NUL only) are swallowed.
 */
import type { Advertised } from './point.ts';
import type { ListenPoint, Receiver, SendFailure } from './types.ts';

export interface DatagramSocket {
  readonly point: ListenPoint;
  /** What an administrator should know about this socket; undefined: all is well. */
  readonly warning: string | undefined;
  /** Datagrams that it gives in a turn of the event loop at most. */
  readonly turn: number;
  /** Milliseconds that the datagram at hand waited in the system's buffer; 0: there is none, or nobody knows. */
  readonly waited: number;
  /** Address and port were checked by the caller; an address of the other family counts as a failure. */
  send(text: string, address: string, port: number, failure: SendFailure | undefined): void;
  close(): Promise<void>;
}

export interface DatagramListen {
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly advertised?: Advertised | undefined;
}

/** Opens a socket. Rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL …). */
export type OpenDatagramSocket = (
  listen: DatagramListen,
  receiver: Receiver,
  counters: Counters,
) => Promise<DatagramSocket>;

/** Shared by all sockets of a transport. */
export interface Counters {
  received: number;
  sent: number;
  sendErrors: number;
}

/** Of each direction. */
export const SOCKET_BUFFER = 4 * 1024 * 1024;
/** Largest payload of an IPv4 datagram. */
export const MAX_DATAGRAM = 65_507;

/** Index of the first byte that is not CR, LF or NUL. */
export function firstOfMessage(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at];
    if (byte !== 0x0d && byte !== 0x0a && byte !== 0) break;
    at++;
  }
  return at;
}

/** `received` and `sent`: sizes of the buffers as the system reports them. */
export function bufferWarning(point: ListenPoint, received: number, sent: number): string | undefined {
  const found: string[] = [];
  const settings: string[] = [];
  const look = (direction: string, setting: string, reported: number) => {
    // Linux reports twice what it was asked for, to account for its own book-keeping.
    const given = process.platform === 'linux' ? reported / 2 : reported;
    if (given >= SOCKET_BUFFER) return;
    found.push(`a ${direction} buffer of ${Math.floor(given / 1024)} KiB`);
    settings.push(`${setting}=${SOCKET_BUFFER}`);
  };
  look('receive', 'net.core.rmem_max', received);
  look('send', 'net.core.wmem_max', sent);
  if (found.length === 0) return undefined;
  return (
    `${point.name} got ${found.join(' and ')} instead of ${SOCKET_BUFFER / 1024}: bursts may be lost; ` +
    `run: sysctl -w ${settings.join(' ')}`
  );
}
