/**
 * From where a user knocks: what the parameter `client` says, where the sender is one that is believed; else the sender, as proxies that
 * are believed tell it in X-Forwarded-For; else who sent it over the wire. Whatever counts or limits by place hangs on this, so that
 * nobody is believed who is not listed.
 */
import type { Client } from '../../core/gate/types.ts';
import type { HttpRequest } from '../../platform/http-route.ts';
import { Addresses } from './addresses.ts';

export interface Believed {
  readonly client_from: readonly string[];
  readonly trusted_proxies: readonly string[];
}

/** What may stand for a place: an address, or the name of a network's server. */
const CLIENT = /^[\x21-\x7e]{1,128}$/;
const MAX_HOPS = 16;

export class ClientAddresses {
  readonly #senders: Addresses;
  readonly #proxies: Addresses;

  constructor({ client_from, trusted_proxies }: Believed) {
    this.#senders = new Addresses(client_from);
    this.#proxies = new Addresses(trusted_proxies);
  }

  of(request: HttpRequest): Client {
    const sender = this.#senderOf(request);
    const said = request.fields.get('client');
    if (said !== undefined && CLIENT.test(said) && this.#senders.has(sender.address)) return { address: said, port: 0 };
    return sender;
  }

  /** Each proxy adds at the end whom it heard: the first from there who is no proxy of ours sent it. */
  #senderOf({ address, port, headers }: HttpRequest): Client {
    if (!this.#proxies.has(address)) return { address, port };
    const hops = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .slice(-MAX_HOPS)
      .map((hop) => hop.trim());
    for (const hop of hops.reverse()) {
      if (!CLIENT.test(hop)) break;
      if (!this.#proxies.has(hop)) return { address: hop, port: 0 };
    }
    return { address, port };
  }
}
