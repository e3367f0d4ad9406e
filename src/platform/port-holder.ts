/**
 * Who holds a port, for the message that says it is taken.
 *
 * Without root rights only processes of the same user can be looked into: then, and on systems without /proc, nobody is found.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { socketsOnPort } from './socket-table.ts';

export interface PortHolder {
  readonly pid: number;
  /** Name of the program as `ps` shows it, of the script where it is one of Node's. */
  readonly name: string;
}

/** The process whose socket stands in the way of binding to this address and port. */
export function portHolder(protocol: 'udp' | 'tcp', address: string, port: number): PortHolder | undefined {
  const rows = [...socketsOnPort(protocol, port), ...socketsOnPort(`${protocol}6`, port)];
  const inTheWay = rows.filter(
    (row) =>
      (protocol === 'udp' || row.listening) &&
      (row.address === address || isWildcard(row.address) || isWildcard(address)),
  );
  return inTheWay.length === 0 ? undefined : processWith(new Set(inTheWay.map((row) => `socket:[${row.inode}]`)));
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function processWith(sockets: ReadonlySet<string>): PortHolder | undefined {
  for (const pid of entries('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of entries(`/proc/${pid}/fd`)) {
      if (sockets.has(linkTarget(`/proc/${pid}/fd/${fd}`))) return { pid: Number(pid), name: nameOf(pid) };
    }
  }
  return undefined;
}

/** Processes come and go, and most are not ours to look into: what cannot be read is passed over. */
function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function nameOf(pid: string): string {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    // Node calls its process so; the script it runs says more.
    if (name !== 'MainThread' && name !== 'node') return name;
    const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const script = args.find((arg) => !arg.startsWith('-'));
    return script ? basename(script) : 'node';
  } catch {
    return 'a process';
  }
}
