/**
 * Which connection leads to a contact address that nobody can connect to: a browser's `sip:x7@n0wh3re.invalid;transport=ws` (RFC 7118
 * section 5), or one that names another port of the peer's own address than the connection has.
 *
 * A name belongs to the connection that named it first while that stands; only the same owner (a login) moves it to another one, so
 * that somebody who was called cannot take over the caller's name. Nobody can claim the address of another host, which calls to there
 * could then be led astray with. When its connection is gone it leads nowhere, and a name under .invalid is kept for its owner: his
 * registration stands, and who knows the name could else have his calls until he is back.
 * Bounded: 8 names a connection; of 10,000 owners, those who left last, the last 8 that each left.
 */
import { detach } from '../message/message.ts';
import { bareHost, parseUri, type SipUri } from '../message/uri.ts';
import type { Connection, ContactNames, Protocol } from './types.ts';

const NAMES_PER_CONNECTION = 8;
const OWNERS_WHO_LEFT = 10_000;
const NOWHERE = '.invalid';

interface Holder {
  /** Undefined: it is gone, and the name kept for the owner. */
  readonly connection: Connection | undefined;
  readonly owner: string;
}

export class ConnectionNames implements ContactNames {
  readonly #holders = new Map<string, Holder>();
  readonly #names = new Map<Connection, Set<string>>();
  /** Names kept for owners whose connection is gone; who left last is last. */
  readonly #left = new Map<string, Set<string>>();

  claim(contact: string, connection: Connection, owner: string): void {
    const uri = parseUri(contact);
    if (uri === undefined || !connection.open || !mayClaim(uri, connection)) return;
    const name = nameOf(uri);
    const holder = this.#holders.get(name);
    if (holder?.connection === connection) return;
    if (holder && isHeld(holder) && (owner === '' || holder.owner !== owner)) return;
    const names = this.#names.get(connection) ?? new Set();
    if (names.size >= NAMES_PER_CONNECTION) return;
    if (holder?.connection) this.#names.get(holder.connection)?.delete(name);
    else if (holder) this.#left.get(holder.owner)?.delete(name);
    // They may outlive the message by far.
    const own = detach(name);
    this.#names.set(connection, names.add(own));
    this.#holders.set(own, { connection, owner: detach(owner) });
  }

  find(uri: SipUri, protocol: Protocol): Connection | undefined {
    if (this.#holders.size === 0) return undefined;
    const connection = this.#holders.get(nameOf(uri))?.connection;
    if (!connection?.open) return undefined;
    const spoken = connection.point.protocol;
    // A URI says ws for wss, too.
    return spoken === protocol || (protocol === 'ws' && spoken === 'wss') ? connection : undefined;
  }

  forget(connection: Connection): void {
    for (const name of this.#names.get(connection) ?? []) {
      const { owner } = this.#holders.get(name)!;
      this.#holders.delete(name);
      if (owner !== '' && isKept(name)) this.#keep(name, owner);
    }
    this.#names.delete(connection);
  }

  #keep(name: string, owner: string): void {
    const names = this.#left.get(owner) ?? new Set();
    this.#left.delete(owner);
    this.#left.set(owner, names.add(name));
    this.#holders.set(name, { connection: undefined, owner });
    if (names.size > NAMES_PER_CONNECTION) this.#drop(names, 1);
    if (this.#left.size <= OWNERS_WHO_LEFT) return;
    for (const [first, old] of this.#left) {
      this.#drop(old, old.size);
      this.#left.delete(first);
      return;
    }
  }

  /** The first `count` of them. */
  #drop(names: Set<string>, count: number): void {
    for (const name of names) {
      if (count-- === 0) return;
      names.delete(name);
      this.#holders.delete(name);
    }
  }
}

/** Whether the host is a name that leads nowhere by its nature. */
export function isNowhere(host: string): boolean {
  return host.endsWith(NOWHERE);
}

function mayClaim({ host }: SipUri, { remoteAddress }: Connection): boolean {
  return isNowhere(host) || bareHost(host) === remoteAddress;
}

function isHeld({ connection }: Holder): boolean {
  return connection === undefined || connection.open;
}

function isKept(name: string): boolean {
  return isNowhere(name.slice(0, name.lastIndexOf(':')));
}

function nameOf({ user, host, port }: SipUri): string {
  return `${user}@${host}:${port}`;
}
