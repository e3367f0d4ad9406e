/** Lists of IP addresses and networks: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
import { BlockList, isIP } from 'node:net';

export class Addresses {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  /** Items that are no addresses are left out; see `isNetwork`. */
  constructor(texts: readonly string[]) {
    const networks = texts.map(networkOf).filter((one) => one !== undefined);
    for (const { address, bits, family } of networks) this.#list.addSubnet(address, bits, family);
    this.#isEmpty = networks.length === 0;
  }

  has(address: string): boolean {
    if (this.#isEmpty) return false;
    const family = familyOf(address);
    return family !== undefined && this.#list.check(address, family);
  }
}

export function isNetwork(text: string): boolean {
  return networkOf(text) !== undefined;
}

function networkOf(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [, address, length] = /^([0-9A-Fa-f.:]+)(?:\/([0-9]{1,3}))?$/.exec(text.trim()) ?? [];
  const family = familyOf(address ?? '');
  if (address === undefined || family === undefined) return undefined;
  const widest = family === 'ipv4' ? 32 : 128;
  const bits = length === undefined ? widest : Number(length);
  return bits <= widest ? { address, bits, family } : undefined;
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6';
}
