/**
 * Groups of addresses and networks, each row for one port or (0) for all.
 *
 * A mask of 32, which is what the column says by default, means the address alone for IPv6 too: nobody shall trust a whole
 * provider because he left it out.
 */
import { BlockList, isIP, SocketAddress } from 'node:net';
import { TableMirror } from '../../../../core/ser/table-mirror.ts';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import type { Log } from '../../../../platform/log.ts';
import type { Services } from '../../services.ts';

const MOST_ROWS = 20_000;
/** How long rows are trusted that cannot be read again. */
const TRUST_MS = 60_000;
const ALL_PORTS = 0;

type Ports = ReadonlyMap<number, BlockList>;

interface Groups {
  readonly lists: ReadonlyMap<number, Ports>;
  /** `<group, address, mask, port>` */
  readonly lines: readonly string[];
}

export class Addresses {
  readonly #mirror: TableMirror<Groups>;

  /** The columns are group, address, mask and port. */
  constructor(services: Services, spec: RowsSpec) {
    const build = (rows: readonly RowCells[]) => groupsOf(rows, services.log);
    this.#mirror = new TableMirror({ ...services, spec, most: MOST_ROWS, byClock: true, trustMs: TRUST_MS, build });
  }

  open(): Promise<void> {
    return this.#mirror.open();
  }

  reload(): Promise<void> {
    return this.#mirror.reload();
  }

  lines(): readonly string[] {
    return this.#mirror.value?.lines ?? [];
  }

  has(group: number, written: string, port: number): boolean {
    return holds(this.#mirror.value?.lists.get(group), plainAddress(written), port);
  }

  /** The lowest number of those that have it. Group 0 is none of them: a script takes 0 for the end. */
  groupOf(written: string, port: number): number | undefined {
    const address = plainAddress(written);
    let lowest: number | undefined;
    for (const [group, ports] of this.#mirror.value?.lists ?? []) {
      if (group > 0 && group < (lowest ?? Number.POSITIVE_INFINITY) && holds(ports, address, port)) lowest = group;
    }
    return lowest;
  }
}

function holds(ports: Ports | undefined, address: string, port: number): boolean {
  const family = familyOf(address);
  if (!family || !ports) return false;
  return (ports.get(ALL_PORTS)?.check(address, family) ?? false) || (ports.get(port)?.check(address, family) ?? false);
}

function groupsOf(rows: readonly RowCells[], log: Log): Groups {
  const lists = new Map<number, Map<number, BlockList>>();
  const lines: string[] = [];
  for (const [group, written, mask, port] of rows) {
    const address = plainAddress(String(written));
    const family = familyOf(address);
    const bits = Number(mask);
    const widest = family === 'ipv6' ? 128 : 32;
    if (!family || !Number.isInteger(bits) || bits < 0 || bits > widest) {
      log.warn('a row of addresses cannot be understood', { address: written, mask });
      continue;
    }
    const ports = lists.get(Number(group)) ?? new Map<number, BlockList>();
    lists.set(Number(group), ports);
    const list = ports.get(Number(port)) ?? new BlockList();
    ports.set(Number(port), list);
    const width = bits === 32 ? widest : bits;
    list.addSubnet(address, width, family);
    lines.push(`<${group}, ${address}, ${width}, ${port}>`);
  }
  return { lists, lines };
}

/** The one way to write an address: without brackets, IPv6 in its short form. */
export function plainAddress(written: string): string {
  const text = written.startsWith('[') ? written.slice(1, -1) : written;
  return isIP(text) === 6 ? new SocketAddress({ address: text, family: 'ipv6' }).address : text;
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const kind = isIP(address);
  return kind === 0 ? undefined : kind === 6 ? 'ipv6' : 'ipv4';
}
