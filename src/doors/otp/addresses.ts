/** Lists of IP addresses and networks: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
import { BlockList, isIP } from 'node:net';
import { networkOf } from '../../platform/network.ts';

export class Addresses {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  /** Items that are no addresses are left out; see `isNetwork`. */
  constructor(texts: readonly string[]) {
    const networks = texts.map((text) => networkOf(text.trim())).filter((one) => one !== undefined);
    for (const { address, bits, family } of networks) this.#list.addSubnet(address, bits, family);
    this.#isEmpty = networks.length === 0;
  }

  has(address: string): boolean {
    const version = isIP(address);
    return !this.#isEmpty && version !== 0 && this.#list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }
}

export function isNetwork(text: string): boolean {
  return networkOf(text.trim()) !== undefined;
}
