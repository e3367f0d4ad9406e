/**
 * An Account over a secret that a source holds: a clear password (perhaps sealed), a stored HA1, or none. An HA1 that was made for the user's
 * domain as realm tells whether a clear password is right, too.
 *
 * It remembers the last HA1 it gave, so that a user who comes back with the same realm and algorithm costs no hash, and a mark of the
 * password once it was right, so that the secret need not be opened for it again.
 */
import { type ChapResponse, fitsChap } from '../proofs/chap.ts';
import { markOf, sameHex, sameSecret } from '../proofs/compare.ts';
import { digestHa1 } from '../proofs/digest-hash.ts';
import { fitsMsChap, type MsChapKeys, type MsChapResponse, msChapKeys } from '../proofs/ms-chap.ts';
import { wireText } from '../ser/wire-text.ts';
import type { Account, DigestAlgorithm } from './types.ts';

/** Where an account's secret comes from. */
export interface Secret {
  /** The clear password, opened anew for each call; undefined: there is none. */
  password(): string | undefined;
  /** A stored MD5 HA1 for this username, whatever the realm; undefined: compute it from the password. */
  ha1(username: string): string | undefined;
}

export interface AccountData {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  readonly locked: boolean;
  readonly values: readonly (string | null)[];
}

export class StoredAccount implements Account {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly domain: string;
  readonly locked: boolean;
  readonly values: readonly (string | null)[];
  readonly #secret: Secret;
  #lastUsername = '';
  #lastRealm = '';
  #lastAlgorithm: DigestAlgorithm = 'MD5';
  #lastHa1: string | undefined;
  #rightMark: string | undefined;

  constructor(data: AccountData, secret: Secret) {
    this.id = data.id;
    this.name = data.name;
    this.domain = data.domain;
    this.login = data.domain === '' ? data.name : `${data.name}@${data.domain}`;
    this.locked = data.locked;
    this.values = data.values;
    this.#secret = secret;
  }

  ha1(username: string, realm: string, algorithm: DigestAlgorithm): string | undefined {
    if (
      this.#lastHa1 !== undefined &&
      username === this.#lastUsername &&
      realm === this.#lastRealm &&
      algorithm === this.#lastAlgorithm
    ) {
      return this.#lastHa1;
    }
    const ha1 = this.#derive(username, realm, algorithm);
    if (ha1 === undefined) return undefined;
    // Own copies: the arguments may be slices of a whole packet.
    this.#lastUsername = username === this.name ? this.name : Buffer.from(username).toString();
    this.#lastRealm = realm === this.domain ? this.domain : Buffer.from(realm).toString();
    this.#lastAlgorithm = algorithm;
    this.#lastHa1 = ha1;
    return ha1;
  }

  checkPassword(password: string): boolean | undefined {
    if (this.#rightMark !== undefined && sameHex(this.#rightMark, markOf(password))) return true;
    const own = this.#secret.password();
    const right = own === undefined ? this.#fitsHa1(password) : sameSecret(own, password);
    if (right) this.#rightMark = markOf(password);
    return right;
  }

  checkChap(response: ChapResponse): boolean | undefined {
    const own = this.#secret.password();
    return own === undefined ? undefined : fitsChap(response, own);
  }

  checkMsChap(response: MsChapResponse): boolean | undefined {
    const own = this.#secret.password();
    return own === undefined ? undefined : fitsMsChap(response, own);
  }

  msChapKeys(response: MsChapResponse): MsChapKeys | undefined {
    const own = this.#secret.password();
    return own === undefined ? undefined : msChapKeys(response, own);
  }

  /** The HA1 of a user without a domain was made for a realm that nobody told us. */
  #fitsHa1(password: string): boolean | undefined {
    const [name, domain] = [wireText(this.name), wireText(this.domain)];
    const stored = domain === '' ? undefined : this.#secret.ha1(name);
    return stored === undefined ? undefined : sameHex(stored, digestHa1(name, domain, password, 'MD5'));
  }

  #derive(username: string, realm: string, algorithm: DigestAlgorithm): string | undefined {
    const stored = algorithm === 'MD5' ? this.#secret.ha1(username) : undefined;
    if (stored !== undefined) return stored;
    const password = this.#secret.password();
    return password === undefined ? undefined : digestHa1(username, realm, password, algorithm);
  }
}
