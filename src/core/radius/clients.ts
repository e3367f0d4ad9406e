/**
 * The network equipment that may ask over RADIUS, as administrators set it up: its secrets sealed, each change in force when it is durable.
 *
 * Errors: RADIUS_CLIENT, RADIUS_CLIENT_EXISTS, RADIUS_CLIENT_UNKNOWN, those of the journal, SEAL_BROKEN.
 */
import { GatehouseError } from '../../platform/errors.ts';
import { networkOf, networkText } from '../../platform/network.ts';
import type { AuditLines } from '../audit/types.ts';
import { commit } from '../journal/commit.ts';
import { dropOwn, type OwnRows, type OwnTable, putOwn } from '../journal/own-table.ts';
import type { Journal } from '../journal/types.ts';
import type { Keyring } from '../secrets/keyring.ts';

/** What a client is besides its name, place and secret. */
export interface RadiusClientSettings {
  readonly messageAuthenticator: 'required' | 'optional';
  /** What its users type: their password, or PIN and one-time password. */
  readonly proof: 'password' | 'otp';
  readonly disconnectPort: number;
  readonly mayDisconnect: boolean;
}

export interface RadiusClientView extends RadiusClientSettings {
  readonly name: string;
  /** An address or a network. */
  readonly network: string;
}

export interface RadiusClientFields extends RadiusClientView {
  readonly secret: string;
}

export interface RadiusClientParts {
  readonly rows: OwnRows;
  readonly journal: Journal;
  readonly keyring: Keyring;
}

const TABLE: OwnTable = { name: 'gh_radius_client', columns: ['name', 'network', 'secret', 'settings'] };
const MOST = 10_000;
const LONGEST_SECRET = 128;

export class RadiusClientList {
  readonly #parts: RadiusClientParts;
  #clients = new Map<string, RadiusClientFields>();
  #changed: () => void = () => {};

  constructor(parts: RadiusClientParts) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    for (const values of await this.#parts.rows.read(TABLE, {})) {
      const [name, network, sealed, settings] = values.map(String) as [string, string, string, string];
      const secret = this.#parts.keyring.open(Buffer.from(sealed, 'base64'), sealOf(name));
      this.#clients.set(name, { name, network, secret, ...(JSON.parse(settings) as RadiusClientSettings) });
    }
  }

  /** By name. */
  list(): RadiusClientFields[] {
    return [...this.#clients.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whoever wants to hear of each change; one. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** `others`: those that stand elsewhere. */
  async add(given: RadiusClientFields, others: readonly RadiusClientView[], audit: AuditLines): Promise<void> {
    const network = networkOf(given.network);
    checkName(given.name);
    if (network === undefined) {
      throw invalid(`${JSON.stringify(given.network.slice(0, 80))} is neither address nor network`, '192.0.2.0/24');
    }
    if (given.secret === '' || Buffer.byteLength(given.secret) > LONGEST_SECRET)
      throw invalid(`a secret has 1 to ${LONGEST_SECRET} bytes`, '$(openssl rand -base64 24)');
    if (this.#clients.size >= MOST)
      throw invalid(`there are ${MOST} clients already`, 'a network instead of addresses');
    const { name, secret, ...rest } = { ...given, network: networkText(network) };
    for (const other of [...others, ...this.#clients.values()]) {
      if (other.name !== name && other.network !== rest.network) continue;
      throw new GatehouseError('RADIUS_CLIENT_EXISTS', `${other.name} at ${other.network} is a RADIUS client already`, {
        hint: `remove it first: gatehouse radius client rm ${other.name}`,
      });
    }
    const { network: place, ...settings } = rest;
    const sealed = Buffer.from(this.#parts.keyring.seal(secret, sealOf(name))).toString('base64');
    await this.#write(putOwn(TABLE, [name, place, sealed, JSON.stringify(settings)]), audit);
    this.#clients.set(name, { name, secret, ...rest });
    this.#changed();
  }

  async remove(name: string, audit: AuditLines): Promise<void> {
    if (!this.#clients.has(name)) {
      throw new GatehouseError('RADIUS_CLIENT_UNKNOWN', `there is no RADIUS client ${JSON.stringify(name)}`, {
        hint: 'gatehouse radius client list shows them; those of gatehouse.yaml are removed there',
      });
    }
    await this.#write(dropOwn(TABLE, name), audit);
    this.#clients.delete(name);
    this.#changed();
  }

  #write(change: ReturnType<typeof putOwn> | ReturnType<typeof dropOwn>, audit: AuditLines): Promise<void> {
    return commit(this.#parts.journal, [change, ...audit.map((line) => ({ kind: 'audit', line }) as const)]);
  }
}

function checkName(name: string): void {
  if (!/^[\w.-]{1,64}$/.test(name)) throw invalid(`${JSON.stringify(name.slice(0, 80))} is no name`, 'switch-1');
}

function invalid(why: string, example: string): GatehouseError {
  return new GatehouseError('RADIUS_CLIENT', why, { hint: `write for example: ${example}` });
}

function sealOf(name: string): string {
  return `radius-client/${name}`;
}
