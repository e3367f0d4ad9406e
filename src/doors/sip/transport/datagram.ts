/**
 * One UDP socket as the transport sees it, so that another way to send and receive (native, batched) can take the place of
 * udp.ts.
 */
import type { Advertised } from './point.ts';
import type { ListenPoint, Receiver, SendFailure } from './types.ts';

export interface DatagramSocket {
  readonly point: ListenPoint;
  /** What an administrator should know about this socket; undefined: all is well. */
  readonly warning: string | undefined;
  /** Address and port were checked by the caller; an address of the other family counts as a failure. */
  send(text: string, address: string, port: number, failure: SendFailure | undefined): void;
  close(): Promise<void>;
}

/** Opens a socket. Rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL …). Port 0: any free one. */
export type OpenDatagramSocket = (
  listen: { readonly address: string; readonly port: number; readonly advertised?: Advertised | undefined },
  receiver: Receiver,
  counters: Counters,
) => Promise<DatagramSocket>;

/** Shared by all sockets of a transport. */
export interface Counters {
  received: number;
  sent: number;
  sendErrors: number;
}
