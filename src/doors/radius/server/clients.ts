/** The equipment that may ask, found by the address that a packet comes from: the most exact entry counts. */
import { BlockList, isIPv6 } from 'node:net';
import type { RadiusClientFields } from '../../../core/radius/clients.ts';
import { networkOf } from '../../../platform/network.ts';

export interface RadiusClient {
  readonly name: string;
  readonly secret: Buffer;
  /** Requests without Message-Authenticator are dropped. */
  readonly signs: boolean;
  /** What a User-Password is. */
  readonly proof: 'password' | 'otp';
  /** Where it takes Disconnect-Requests. */
  readonly disconnectPort: number;
  /** It may have anybody's session ended, or given other terms. */
  readonly mayDisconnect: boolean;
}

export class Clients {
  readonly #names = new Map<string, RadiusClient>();
  readonly #hosts = new Map<string, RadiusClient>();
  /** Longest prefix first. */
  readonly #networks: { readonly list: BlockList; readonly client: RadiusClient }[] = [];

  /** Of two for the same place, or of the same name, the first one counts. */
  constructor(clients: readonly RadiusClientFields[]) {
    const placed = clients.map((one) => ({ one, network: networkOf(one.network)! }));
    for (const { one, network } of placed.toSorted((a, b) => b.network.bits - a.network.bits)) {
      const client: RadiusClient = {
        name: one.name,
        secret: Buffer.from(one.secret),
        signs: one.messageAuthenticator === 'required',
        proof: one.proof,
        disconnectPort: one.disconnectPort,
        mayDisconnect: one.mayDisconnect,
      };
      if (!this.#names.has(one.name)) this.#names.set(one.name, client);
      if (network.isHost) {
        if (!this.#hosts.has(network.address)) this.#hosts.set(network.address, client);
      } else {
        const list = new BlockList();
        list.addSubnet(network.address, network.bits, network.family);
        this.#networks.push({ list, client });
      }
    }
  }

  get size(): number {
    return this.#names.size;
  }

  get someMayDisconnect(): boolean {
    return this.#names.values().some(({ mayDisconnect }) => mayDisconnect);
  }

  named(name: string): RadiusClient | undefined {
    return this.#names.get(name);
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
