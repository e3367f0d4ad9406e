/** The equipment that may ask, found by the address that a packet comes from: the most exact entry counts. */
import { BlockList, isIPv6 } from 'node:net';
import type { RadiusConfig } from '../config.ts';

export interface RadiusClient {
  readonly name: string;
  readonly secret: Buffer;
  /** Requests without Message-Authenticator are dropped. */
  readonly signs: boolean;
  /** What a User-Password is. */
  readonly proof: 'password' | 'otp';
}

export class Clients {
  readonly #hosts = new Map<string, RadiusClient>();
  /** Longest prefix first. */
  readonly #networks: { readonly list: BlockList; readonly client: RadiusClient }[] = [];

  constructor(configured: RadiusConfig['clients']) {
    for (const { name, address: network, secret, message_authenticator, proof } of configured.toSorted(
      (a, b) => b.address.bits - a.address.bits,
    )) {
      const client = { name, secret: Buffer.from(secret), signs: message_authenticator === 'required', proof };
      if (network.isHost) this.#hosts.set(network.address, client);
      else {
        const list = new BlockList();
        list.addSubnet(network.address, network.bits, network.family);
        this.#networks.push({ list, client });
      }
    }
  }

  /** `address` as a socket tells it. */
  find(address: string): RadiusClient | undefined {
    const scope = address.indexOf('%');
    const bare = scope < 0 ? address : address.slice(0, scope);
    const host = this.#hosts.get(bare);
    if (host !== undefined || this.#networks.length === 0) return host;
    const family = isIPv6(bare) ? 'ipv6' : 'ipv4';
    return this.#networks.find(({ list }) => list.check(bare, family))?.client;
  }
}
