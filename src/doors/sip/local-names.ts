/** Who is `myself`: the sockets Gatehouse listens on, what they advertise, and the names it serves (SER's listen and alias). */
import { isIPv6 } from 'node:net';
import type { LocalNames } from './services.ts';
import type { ListenPoint } from './transport/types.ts';

const DEFAULT_PORT = 5060;

/** `aliases`: `example.com` (any port) or `example.com:5070`. */
export function localNames(points: readonly ListenPoint[], aliases: readonly string[]): LocalNames {
  /** Host in lower case, without brackets → ports; 0 stands for any. */
  const ports = new Map<string, Set<number>>();
  for (const point of points) add(point.address, point.port);
  for (const alias of [...aliases, ...points.map(({ hostPort }) => hostPort)]) {
    const colon = /^(\[.*\]|[^:]*):(\d+)$/.exec(alias);
    if (colon) add(colon[1]!, Number(colon[2]));
    else add(alias, 0);
  }
  return { isMyself };

  function add(host: string, port: number): void {
    const name = bare(host);
    const set = ports.get(name);
    if (set) set.add(port);
    else ports.set(name, new Set([port]));
  }

  function isMyself(host: string, port: number): boolean {
    const set = ports.get(host) ?? ports.get(bare(host));
    return set !== undefined && (set.has(0) || set.has(port || DEFAULT_PORT));
  }
}

/** One form for each host: lower case, no brackets, no dot at the end, IPv6 in its shortest form. */
function bare(host: string): string {
  const text = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (text.includes(':')) return isIPv6(text) ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
  return (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
}
