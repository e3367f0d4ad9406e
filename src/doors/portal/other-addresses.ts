/**
 * One login for all of a card: its addresses of the other family, and further ones of IPv6, come in by the session that it has. They are those that the
 * kernel's table of neighbours shows on the same interface: soon after a login, since refusals make the kernel ask whose an address is, and every few
 * seconds after that, since privacy addresses come and go.
 *
 * Whoever claims an address for somebody else's card gives himself nothing: what lets packets in is still the pair of both.
 */
import { isIPv4 } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { type Client, type Clients, cardOf, isInside, type Place } from './clients.ts';
import type { ListNeighbours } from './firewall/neighbours.ts';
import type { Sessions } from './sessions.ts';

export interface OtherAddressesParts {
  readonly clients: Clients;
  readonly sessions: Pick<Sessions, 'join'>;
  readonly neighbours: ListNeighbours;
  readonly clock: Clock;
  readonly log: Log;
}

/** After a login each second counts. */
const EAGER_MS = 15_000;
const SELDOM = 5;

export class OtherAddresses {
  readonly #parts: OtherAddressesParts;
  #seconds = 0;
  #isLooking = false;
  #isOver = false;
  #hasFailed = false;

  constructor(parts: OtherAddressesParts) {
    this.#parts = parts;
  }

  /** Once a second. */
  tick(): void {
    const { clients, clock } = this.#parts;
    if (clients.inside === 0) return;
    const since = clock.now() - EAGER_MS;
    const isSeldom = ++this.#seconds % SELDOM !== 0;
    if (isSeldom && ![...clients.all()].some(({ session }) => session !== undefined && session.started > since)) return;
    void this.look();
  }

  /** What is being read counts no more. */
  stop(): void {
    this.#isOver = true;
  }

  /** Those that are found are in when this resolves. */
  async look(): Promise<void> {
    const { clients, log, neighbours } = this.#parts;
    if (this.#isLooking || clients.inside === 0) return;
    this.#isLooking = true;
    try {
      const found = await neighbours();
      if (!this.#isOver) await this.#joinAll(found);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) log.warn('the neighbours cannot be read', { error: describeError(error) });
      this.#hasFailed = true;
    } finally {
      this.#isLooking = false;
    }
  }

  async #joinAll(found: readonly Place[]): Promise<void> {
    const { clients, sessions } = this.#parts;
    const inside = new Map<string, Client>();
    for (const client of clients.all()) if (isInside(client)) inside.set(cardOf(client), client);
    const joining: Promise<void>[] = [];
    for (const place of found) {
      const client = inside.get(cardOf(place));
      if (client && mayJoin(client, place) && !clients.insideAt(place.address))
        joining.push(sessions.join(client, place.address));
    }
    await Promise.all(joining);
  }
}

/** A second address of IPv4 is that of a second machine behind the card. One that has sent nothing may be somebody else's invention, and keeps nobody out. */
function mayJoin({ address: first, also }: Client, { address }: Place): boolean {
  if (!isIPv4(address)) return true;
  return !isIPv4(first) && ![...also].some(([other, { sent }]) => isIPv4(other) && sent > 0);
}
