/**
 * The seam between the SIP door and its sockets. Messages travel as latin1 strings: one character is one byte.
 *
 * Addresses are IP addresses in text without brackets; IPv6 in the form Node prints.
 */
import type { Fault } from '../message/message.ts';
import type { SipUri } from '../message/uri.ts';

/** ws and wss: SIP over WebSocket (RFC 7118), without and with TLS. */
export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** A socket the door listens on. */
export interface ListenPoint {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** `udp:127.0.0.1:5060`, `tcp:[::1]:5060`: as SER writes it in the `socket` column. */
  readonly name: string;
  /** `127.0.0.1:5060`, `[::1]:5060`, or what is advertised instead: for Via and Record-Route. */
  readonly hostPort: string;
}

/** A connection of TCP, TLS or WebSocket, whoever opened it. */
export interface Connection {
  readonly point: ListenPoint;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly open: boolean;
  send(text: string, failure: SendFailure | undefined): void;
}

/** Where a message came from. */
export interface Source {
  readonly point: ListenPoint;
  readonly address: string;
  readonly port: number;
  readonly connection: Connection | undefined;
}

/** Where a message shall go: over `connection` while it is open, else to address and port. */
export interface Target {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  /** The socket to send from; absent: the first one of the protocol and address family. */
  readonly point: ListenPoint | undefined;
  readonly connection: Connection | undefined;
  /** The host name that the peer's certificate must be good for; absent: its address. */
  readonly name?: string | undefined;
  /** For a request that the target before this one could not be reached with at all. */
  readonly fallback?: boolean;
}

/** Told when a message could not be sent; at most once per message, never from within `send`. */
export interface SendFailure {
  sendFailed(code: string): void;
}

/** What a transport tells the door. `text` is one whole datagram or one framed message, latin1. */
export interface Receiver {
  onMessage(text: string, source: Source): void;
  /**
   * A stream that cannot be framed any more (no Content-Length, too large, garbage): `fault` says why. `head` is what came of start
   * line and headers. The connection is closed afterwards; what is sent over it within this call still goes out.
   */
  onUnframed(fault: Fault, source: Source, head: string): void;
}

/** Contact addresses that lead to a connection, see connection-names.ts. */
export interface ContactNames {
  /** `contact`: a URI that came over the connection; `owner`: the login that was proven with it, '' = none. */
  claim(contact: string, connection: Connection, owner: string): void;
  find(uri: SipUri, protocol: Protocol): Connection | undefined;
}

export interface Transport {
  readonly points: readonly ListenPoint[];
  readonly names: ContactNames;
  /** Messages of a turn of the event loop that show that a socket may hold more. */
  readonly turn: number;
  /** Milliseconds that the message at hand waited in the system's buffer; 0: there is none, or nobody knows. */
  readonly waited: number;
  /** Opens all listeners or none. Errors: those of platform/listen-error.ts. */
  start(receiver: Receiver): Promise<void>;
  send(text: string, target: Target, failure?: SendFailure): void;
  /** The socket that `send` would use for such a target, so that Via and Record-Route can name it. */
  pointFor(protocol: Protocol, address: string, preferred?: ListenPoint): ListenPoint | undefined;
  /** The open connection that leads there; with TLS, where a host name is given, one whose peer proved it. ws: wss, too. */
  connectionTo(protocol: Protocol, address: string, port: number, name?: string): Connection | undefined;
  /** What goes to the connection's remote address and this port goes over it. False: another connection leads there. */
  alias(connection: Connection, port: number): boolean;
  stop(): Promise<void>;
  stats(): TransportStats;
}

export interface TransportStats {
  readonly received: number;
  readonly sent: number;
  readonly sendErrors: number;
  readonly connections: number;
  /** Datagrams the kernel dropped because a receive buffer was full (/proc/net/udp). */
  readonly kernelDrops: number;
}
