/**
 * Which network card stands behind an address: the kernel's table of neighbours, asked when a client is shown a page, never for a
 * redirect. IPv4 from /proc/net/arp; IPv6 from `ip -6 neigh`, at most one at a time for each address.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isIPv4, isIPv6 } from 'node:net';
import { macOf } from '../config/address.ts';

export interface Neighbours {
  /** In lower case; undefined: the kernel knows no such neighbour on the interface. */
  macOf(address: string): Promise<string | undefined>;
}

const DEADLINE_MS = 5_000;
const LARGEST = 64 << 10;

export function systemNeighbours(card: string): Neighbours {
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
      const answer = ask(address, card).finally(() => asked.delete(address));
      asked.set(address, answer);
      return answer;
    },
  };
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

function ask(address: string, card: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const child = spawn('ip', ['-6', 'neigh', 'show', 'to', address, 'dev', card], { env, timeout: DEADLINE_MS });
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (piece: string) => {
    if (text.length < LARGEST) text += piece;
  });
  child.on('error', () => resolve(undefined));
  child.on('close', () => resolve(macOf(/ lladdr (\S+)/.exec(text)?.[1] ?? '')));
  return promise;
}
