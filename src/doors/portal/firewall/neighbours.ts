/**
 * Which network card stands behind an address: the kernel's table of neighbours, asked when a client is shown a page, never for a
 * redirect. IPv4 from /proc/net/arp; IPv6 from `ip -6 neigh`, at most one at a time for each address.
 */
import { readFile } from 'node:fs/promises';
import { isIPv4, isIPv6 } from 'node:net';
import type { Permit } from '../../../platform/helper/permit.ts';
import type { Programs } from '../../../platform/helper/types.ts';
import type { Place } from '../clients.ts';
import { macOf } from '../config/address.ts';

export interface Neighbours {
  /** In lower case; undefined: the kernel knows no such neighbour on the interface. */
  macOf(address: string): Promise<string | undefined>;
}

/** All that the kernel knows, over IPv4 and IPv6; those of the link alone are left out. */
export type ListNeighbours = () => Promise<readonly Place[]>;

const DEADLINE_MS = 5_000;
const LARGEST = 1 << 20;
const ENV = { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' };

/** Looks, and changes nothing. */
export const NEIGHBOUR_PERMIT: Permit = { file: 'ip', args: ['-6', 'neigh', 'show'], rest: /^[\w.:@-]+$/, env: ENV };

export function systemNeighbours(card: string, programs: Programs): Neighbours {
  /** Requests at the same moment share one reading of the table. */
  let arp: Promise<string> | undefined;
  const asked = new Map<string, Promise<string | undefined>>();

  return {
    async macOf(address) {
      if (isIPv4(address)) {
        arp ??= readFile('/proc/net/arp', 'latin1').finally(() => {
          arp = undefined;
        });
        return macInArp(await arp, address, card);
      }
      if (!isIPv6(address) || address.includes('%')) return undefined;
      const before = asked.get(address);
      if (before) return before;
      const answer = ask(address).finally(() => asked.delete(address));
      asked.set(address, answer);
      return answer;
    },
  };

  async function ask(address: string): Promise<string | undefined> {
    const args = ['-6', 'neigh', 'show', 'to', address, 'dev', card];
    const request = { file: 'ip', args, env: ENV, timeoutMs: DEADLINE_MS, maxOutputBytes: LARGEST };
    const { stdout } = await programs.run(request);
    return macOf(/ lladdr (\S+)/.exec(stdout.toString('latin1'))?.[1] ?? '');
  }
}

export function systemNeighbourList(programs: Programs): ListNeighbours {
  return async () => {
    const request = {
      file: 'ip',
      args: ['-6', 'neigh', 'show'],
      env: ENV,
      timeoutMs: DEADLINE_MS,
      maxOutputBytes: LARGEST,
    };
    const [arp, { stdout }] = await Promise.all([readFile('/proc/net/arp', 'latin1'), programs.run(request)]);
    return [...placesInArp(arp), ...placesInNeigh(stdout.toString('latin1'))];
  };
}

export function placesInArp(table: string): Place[] {
  return table.split('\n').flatMap((line) => {
    const [address = '', , flags, text = '', , card = ''] = line.split(/\s+/);
    const mac = (Number(flags) & 2) === 0 ? undefined : macOf(text);
    return mac ? [{ interface: card, address, mac }] : [];
  });
}

/** What `ip -6 neigh` prints: `ADDRESS dev CARD lladdr MAC STATE`. One that answers no more has no MAC. */
export function placesInNeigh(text: string): Place[] {
  return [...text.matchAll(/^(\S+) dev (\S+) lladdr (\S+) .*\n/gm)].flatMap(
    ([, address = '', card = '', lladdr = '']) => {
      const mac = macOf(lladdr);
      return mac && isIPv6(address) && !address.startsWith('fe80:') ? [{ interface: card, address, mac }] : [];
    },
  );
}

/** A line: address, type of hardware, flags (2 = complete), MAC, mask, interface. */
export function macInArp(table: string, address: string, card: string): string | undefined {
  for (const line of table.split('\n')) {
    if (!line.startsWith(`${address} `)) continue;
    const [, , flags, mac = '', , device] = line.split(/\s+/);
    if (device === card && (Number(flags) & 2) !== 0) return macOf(mac);
  }
  return undefined;
}
