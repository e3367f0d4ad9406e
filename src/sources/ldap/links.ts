/**
 * The connections of a resolver to its directory servers: a few bound ones for searches, made when needed and made again when lost, and
 * one of its own for each password that is tried.
 *
 * The servers are tried in their order. One that fails is left alone for half a minute, unless all have failed.
 * Errors: those of the network, and of the server (ResultCodeError).
 */
import { InvalidCredentialsError, ResultCodeError } from 'ldapts';
import type { LdapOptions, LdapServer } from './config.ts';
import { connectLdap, type LdapConnection } from './connection.ts';

const SEARCHING = 2;
const BLOCKED_MS = 30_000;
/** Result codes of a server that is about to go away: busy, unavailable (RFC 4511 section 4.1.9). */
const PASSING = new Set([51, 52]);
/** Of a bind: what says no to this person, and not to us: constraint, inappropriate, invalid, insufficient, unwilling. */
const SAID_NO = new Set([19, 48, 49, 50, 53]);

export class LdapLinks {
  readonly #options: LdapOptions;
  readonly #links: (Promise<LdapConnection> | undefined)[] = Array.from({ length: SEARCHING });
  readonly #blockedUntil = new Map<LdapServer, number>();
  #turn = 0;
  #closed = false;

  constructor(options: LdapOptions) {
    this.#options = options;
  }

  /** Work on a bound connection; done once more, on another, when the first is lost over it. */
  async ask<T>(work: (client: LdapConnection['client']) => Promise<T>): Promise<T> {
    const at = this.#turn++ % SEARCHING;
    for (let attempt = 1; ; attempt++) {
      const link = await this.#link(at);
      try {
        // ldapts would connect anew by itself, as nobody and without TLS.
        if (!link.client.isBound) throw new Error(`the connection to ${link.server.url} was lost`);
        return await work(link.client);
      } catch (error) {
        const answered = error instanceof ResultCodeError && !PASSING.has(error.code);
        if (answered) throw error;
        await this.#drop(at, link);
        // A server that is merely restarted is worth the second try.
        if (attempt === 2 || /timed out/.test((error as Error).message)) this.#block(link.server);
        if (attempt === 2) throw error;
      }
    }
  }

  /** Whether a server takes this password for this entry. */
  async proves(dn: string, password: string): Promise<boolean> {
    // Without a password a server says yes to anybody (RFC 4513 section 5.1.2).
    if (dn === '' || password === '') return false;
    try {
      (await this.#connect(dn, password)).destroy();
      return true;
    } catch (error) {
      if (error instanceof ResultCodeError && SAID_NO.has(error.code)) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const links = this.#links.splice(0);
    for (const link of links) (await link?.catch(() => undefined))?.destroy();
  }

  #link(at: number): Promise<LdapConnection> {
    if (this.#closed) return Promise.reject(new Error('the resolver was changed'));
    const link = this.#links[at];
    if (link) return link;
    const { bindDn, bindPassword } = this.#options;
    const made = this.#connect(bindDn, bindPassword).catch((error) => {
      if (this.#links[at] === made) this.#links[at] = undefined;
      throw error instanceof InvalidCredentialsError ? new Error('the server refuses BINDDN or BINDPW') : error;
    });
    this.#links[at] = made;
    return made;
  }

  async #drop(at: number, link: LdapConnection): Promise<void> {
    const current = this.#links[at];
    if (current && (await current.catch(() => undefined)) === link && this.#links[at] === current) {
      this.#links[at] = undefined;
    }
    link.destroy();
  }

  /** To the first server that answers, even if it says no. */
  async #connect(dn: string, password: string): Promise<LdapConnection> {
    const { servers } = this.#options;
    const now = performance.now();
    const open = servers.filter((server) => (this.#blockedUntil.get(server) ?? 0) <= now);
    let last: unknown;
    for (const server of open.length > 0 ? open : servers) {
      try {
        const link = await connectLdap(this.#options, server, dn, password);
        this.#blockedUntil.delete(server);
        return link;
      } catch (error) {
        if (error instanceof ResultCodeError && !PASSING.has(error.code)) throw error;
        this.#block(server);
        last = error;
      }
    }
    throw last;
  }

  #block(server: LdapServer): void {
    this.#blockedUntil.set(server, performance.now() + BLOCKED_MS);
  }
}
