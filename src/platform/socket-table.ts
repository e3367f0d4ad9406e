/**
 * The kernel's tables of sockets: /proc/net/{udp,udp6,tcp,tcp6}. On systems without them every table is empty.
 *
 * Source: proc_net(5). Addresses stand there as 32-bit words in host order, which is little-endian wherever Gatehouse runs.
 */
import { readFileSync } from 'node:fs';
import { SocketAddress } from 'node:net';

export type SocketTable = 'udp' | 'udp6' | 'tcp' | 'tcp6';

export interface SocketRow {
  /** Local address as Node prints it. */
  readonly address: string;
  readonly port: number;
  readonly listening: boolean;
  readonly inode: string;
  /** Datagrams dropped because the receive buffer was full; 0 for TCP. */
  readonly drops: number;
}

const STATE_LISTEN = '0A';

/** The rows whose local port is `port`. */
export function socketsOnPort(table: SocketTable, port: number): SocketRow[] {
  return parseSocketTable(table, readTable(table), port);
}

/** Exported for its test. */
export function parseSocketTable(table: SocketTable, text: string, port: number): SocketRow[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows: SocketRow[] = [];
  for (const line of text.split('\n')) {
    const [, local, , state, , , , , , inode, , , drops] = line.trim().split(/\s+/);
    if (!local?.endsWith(wanted) || inode === undefined) continue;
    const udp = table === 'udp' || table === 'udp6';
    const address = addressOf(local.slice(0, -wanted.length));
    rows.push({ address, port, listening: state === STATE_LISTEN, inode, drops: udp ? Number(drops) || 0 : 0 });
  }
  return rows;
}

function readTable(table: SocketTable): string {
  try {
    return readFileSync(`/proc/net/${table}`, 'latin1');
  } catch {
    return '';
  }
}

function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => bytes.readUInt16BE(at).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
