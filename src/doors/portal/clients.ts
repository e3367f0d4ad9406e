/**
 * The clients that the door knows: a pair of address and MAC on an interface each, strangers and those that are in.
 *
 * Those that are in are bounded by `max_clients`, strangers by a number of ours, the oldest being forgotten first: whoever invents
 * addresses keeps nobody out. A token is 128 bits of chance, another one after each login and logout.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { BYTES_OF_KBIT } from './config/model.ts';

const MOST_STRANGERS = 4096;

/** Where somebody is: his card's address and MAC, and the interface of ours that it is seen on. */
export interface Place {
  readonly interface: string;
  readonly address: string;
  readonly mac: string;
}

export interface Client extends Place {
  /** For `ndsctl`: counts from 1. */
  readonly id: number;
  token: string;
  /** Milliseconds since the epoch. */
  added: number;
  /** When it was last heard of. */
  active: number;
  session: Session | undefined;
  /** Other addresses of its card that are in by the same session. */
  readonly also: Map<string, Counted>;
  /** A login is under way. */
  busy: boolean;
  /** Resolves when it is out. */
  leaving: Promise<void> | undefined;
}

/** Times in milliseconds since the epoch; `ends` 0 = no end. */
export interface Session {
  /** Unique over all doors. */
  readonly name: string;
  readonly user: string;
  readonly started: number;
  ends: number;
  /** Bytes before the firewall's own counters began. */
  before: Bytes;
  /** Bytes that it may have; 0 = no limit. */
  most: Bytes;
  /** Bytes in a second; 0 = no limit. */
  rate: Bytes;
  /** It was given to this one, and outlives a restart; otherwise the configuration's holds. */
  ownRate: boolean;
  /** As last read. */
  sent: number;
  received: number;
  /** The firewall lets nothing more through: a volume is used up. */
  spent: boolean;
}

/** From the client, and to it. */
export interface Bytes {
  readonly sent: number;
  readonly received: number;
}

/** As last read, and when it last changed. */
export interface Counted extends Bytes {
  readonly active: number;
}

/** kbit/s to bytes in a second. */
export function bytesOfKbit(upload: number, download: number): Bytes {
  return { sent: Math.min(upload, FASTEST) * BYTES_OF_KBIT, received: Math.min(download, FASTEST) * BYTES_OF_KBIT };
}

/** What is faster is no limit of this house, and fits into what nft counts with. */
const FASTEST = 1e8;

export class Clients {
  readonly #byKey = new Map<string, Client>();
  /** By their other addresses. */
  readonly #also = new Map<string, Client>();
  readonly #byAddress = new Map<string, Client>();
  #lastId = 0;
  #inside = 0;

  /** How many are in. */
  get inside(): number {
    return this.#inside;
  }

  get size(): number {
    return this.#byKey.size;
  }

  all(): IterableIterator<Client> {
    return this.#byKey.values();
  }

  get(place: Place): Client | undefined {
    const key = keyOf(place);
    return this.#also.get(key) ?? this.#byKey.get(key);
  }

  /** Who is in with this address, whatever its card says. */
  insideAt(address: string): Client | undefined {
    return this.#byAddress.get(address);
  }

  /** Known from now on. */
  meet(place: Place, now: number): Client {
    const known = this.get(place);
    if (known) {
      known.active = now;
      return known;
    }
    if (this.size - this.inside >= MOST_STRANGERS) this.#forgetOldest();
    const id = ++this.#lastId;
    const client: Client = {
      interface: place.interface,
      address: place.address,
      mac: place.mac,
      id,
      token: newToken(),
      added: now,
      active: now,
      session: undefined,
      also: new Map(),
      busy: false,
      leaving: undefined,
    };
    this.#byKey.set(keyOf(place), client);
    return client;
  }

  /** `token`: for one that was in before. */
  entered(client: Client, session: Session, token = newToken()): void {
    if (client.session === undefined) this.#inside++;
    client.session = session;
    client.token = token;
    this.#byAddress.set(client.address, client);
  }

  /** A stranger again, as if it had just come. */
  left(client: Client, now: number): void {
    if (client.session === undefined) return;
    for (const address of client.also.keys()) this.parted(client, address);
    this.#inside--;
    client.session = undefined;
    client.token = newToken();
    client.added = now;
    client.active = now;
    if (this.#byAddress.get(client.address) === client) this.#byAddress.delete(client.address);
  }

  /** Its card's other address is in, too. False: somebody is in there, or about to be. */
  joined(client: Client, address: string, now: number): boolean {
    const place = { ...client, address };
    const stranger = this.get(place);
    if (this.#byAddress.has(address) || stranger?.busy) return false;
    if (stranger) this.forget(stranger);
    client.also.set(address, { sent: 0, received: 0, active: now });
    this.#also.set(keyOf(place), client);
    this.#byAddress.set(address, client);
    return true;
  }

  parted(client: Client, address: string): void {
    client.also.delete(address);
    this.#also.delete(keyOf({ ...client, address }));
    if (this.#byAddress.get(address) === client) this.#byAddress.delete(address);
  }

  forget(client: Client): void {
    if (client.session === undefined) this.#byKey.delete(keyOf(client));
  }

  #forgetOldest(): void {
    for (const client of this.#byKey.values()) {
      if (client.session !== undefined || client.busy) continue;
      this.forget(client);
      return;
    }
  }
}

/** In, and not on the way out. */
export function isInside(client: Client): boolean {
  return client.session !== undefined && client.leaving === undefined;
}

/** In constant time. */
export function isToken(client: Client, given: string): boolean {
  const [a, b] = [Buffer.from(client.token), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export function newToken(): string {
  return randomBytes(16).toString('hex');
}

/** Whatever its address. */
export function cardOf({ interface: card, mac }: Place): string {
  return `${card} ${mac}`;
}

function keyOf(place: Place): string {
  return `${place.interface} ${place.address} ${place.mac}`;
}
