/** What a script may ask of the door besides the functions of its modules. */
import type { Run } from '../run.ts';
import type { Connection, ListenPoint, Target } from '../transport/types.ts';

/** A socket as a script names it; no protocol or port 0 = any. */
export interface SocketName {
  readonly protocol: string | undefined;
  /** Lower case; IPv6 in its brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ScriptHost {
  /** Host and port (0 = none given, means 5060) are ours. */
  isMyself(host: string, port: number): boolean;
  /** One of our sockets has this address, whatever its port. */
  isLocalAddress(address: string): boolean;
  /** The socket of ours that is meant. */
  socket(name: SocketName): ListenPoint | undefined;
  /** The script's `log` (SER's levels: -3 alert … 1 notice … 4 debug) and what goes wrong while it runs (level -1). */
  log(level: number, text: string): void;
  /** As t_relay. */
  relay(run: Run): number;
  /** Sends a text as it is. False: no socket of ours can reach that address. */
  send(text: string, to: Pick<Target, 'protocol' | 'address' | 'port'>): boolean;
  /** What goes to its remote address and this port goes over this connection. False: another one leads there. */
  alias(connection: Connection, port: number): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** `max_len`: bytes of the largest datagram. */
  readonly maxLength: number;
}
