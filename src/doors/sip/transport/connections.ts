/**
 * What the connections of TCP, TLS and WebSocket have in common: the limits they live by, and the faces that a connection, its
 * pool and its protocol show each other.
 */
import type { Socket } from 'node:net';
import type { Fault } from '../message/message.ts';
import type { Counters } from './datagram.ts';
import type { Advertised } from './point.ts';
import type { Connection, ListenPoint, Protocol, Source } from './types.ts';

export interface ConnectionLimits {
  /** Accepted connections, opened ones, and either per place. */
  readonly accepted: number;
  readonly opened: number;
  readonly perPlace: number;
  /** Of the opened ones those that do not stand yet, in all and per place. */
  readonly connecting: number;
  readonly connectingPerPlace: number;
  /** Milliseconds: silence, from the first byte of a message to its last, to connect (TLS included), to say good-bye. */
  readonly idleMs: number;
  readonly messageMs: number;
  readonly connectMs: number;
  readonly closeMs: number;
  /** Milliseconds of silence after which a WebSocket is pinged, and until the answer must have come. */
  readonly pingMs: number;
  readonly pongMs: number;
  /** Bytes that may wait for a peer that does not read. */
  readonly queueBytes: number;
}

/** One connection as its pool sees it. */
export interface PooledConnection extends Connection {
  /** What limits count the remote address as. */
  readonly place: string;
  readonly accepted: boolean;
  /** The host name that its certificate was asked for; '' = none. */
  readonly name: string;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  /** The deadline has passed. */
  expire(): void;
  /** Closes; resolves when the socket is gone. */
  finish(): Promise<void>;
}

/** Both ends of a connection. */
export interface Ends {
  readonly point: ListenPoint;
  readonly address: string;
  readonly port: number;
  readonly place: string;
  readonly accepted: boolean;
  readonly name: string;
}

/** What a connection needs of the pool it belongs to. */
export interface ConnectionHost {
  readonly limits: ConnectionLimits;
  readonly counters: Counters;
  now(): number;
  received(text: string, source: Source): void;
  unframed(fault: Fault, source: Source, head: string): void;
  /** The attempt to open it is over: it stands, or has failed; called once. */
  attempted(connection: PooledConnection): void;
  /** The socket is gone for good; called once. */
  closed(connection: PooledConnection): void;
}

/** What a protocol's listeners need of the pool. */
export interface Accepting extends ConnectionHost {
  /** Counts a socket until it is closed. False: there is no room for it, and it was closed. */
  admit(socket: Socket, point: ListenPoint): boolean;
  /** A connection stands over `socket`, which was admitted: made by `make` once its ends are known. */
  accept(socket: Socket, point: ListenPoint, make: (ends: Ends) => PooledConnection): void;
  /** A listener could not take a connection (out of descriptors), or refused it. */
  refused: number;
}

export interface StreamListen {
  readonly address: string;
  readonly port: number;
  readonly advertised?: Advertised | undefined;
}

/** TCP, TLS or WebSocket: how connections are accepted and opened. */
export interface StreamProtocol {
  /** Rejects with the system's error. */
  listen(listen: StreamListen): Promise<ListenPoint>;
  /** A connection to `ends` that is on its way. Absent: peers connect to us, never we to them. */
  connect?(ends: Ends): PooledConnection;
  /** Closes the listeners; resolves when all their sockets are gone. */
  close(): Promise<void>;
}

/** The key under which a connection is found again. */
export function routeOf(protocol: Protocol, hostPort: string, name: string): string {
  return name === '' ? `${protocol}:${hostPort}` : `${protocol}:${hostPort}/${name}`;
}
