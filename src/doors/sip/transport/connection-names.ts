/**
 * Which connection leads to a contact address that nobody can connect to: a browser's `sip:x7@n0wh3re.invalid;transport=ws` (RFC 7118
 * section 5), or one that names another port of the peer's own address than the connection has.
 *
 * A name belongs to the connection that named it first while that stands; only the same owner (a login) moves it to another one, so
 * that somebody who was called cannot take over the caller's name. Nobody can claim the address of another host, which calls to there
 * could then be led astray with. It is gone with its connection. Bounded: 8 names a connection.
 */
import { bareHost, parseUri, type SipUri } from '../message/uri.ts';
import type { Connection, ContactNames, Protocol } from './types.ts';

const NAMES_PER_CONNECTION = 8;
const NOWHERE = '.invalid';

interface Holder {
  readonly connection: Connection;
  readonly owner: string;
}

export class ConnectionNames implements ContactNames {
  readonly #holders = new Map<string, Holder>();
  readonly #names = new Map<Connection, Set<string>>();

  claim(contact: string, connection: Connection, owner: string): void {
    const uri = parseUri(contact);
    if (uri === undefined || !connection.open || !mayClaim(uri, connection)) return;
    const name = nameOf(uri);
    const holder = this.#holders.get(name);
    if (holder?.connection === connection) return;
    if (holder?.connection.open && (owner === '' || holder.owner !== owner)) return;
    const names = this.#names.get(connection) ?? new Set();
    if (names.size >= NAMES_PER_CONNECTION) return;
    if (holder) this.#names.get(holder.connection)?.delete(name);
    this.#names.set(connection, names.add(name));
    this.#holders.set(name, { connection, owner });
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
    for (const name of this.#names.get(connection) ?? []) this.#holders.delete(name);
    this.#names.delete(connection);
  }
}

/** Whether the host is a name that leads nowhere by its nature. */
export function isNowhere(host: string): boolean {
  return host.endsWith(NOWHERE);
}

function mayClaim({ host }: SipUri, { remoteAddress }: Connection): boolean {
  return isNowhere(host) || bareHost(host) === remoteAddress;
}

function nameOf({ user, host, port }: SipUri): string {
  return `${user}@${host}:${port}`;
}
