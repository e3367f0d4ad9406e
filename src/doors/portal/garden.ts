/**
 * The walled garden by name: each name is looked up again and again, and its addresses stand in a set of the firewall for a while after they were last seen,
 * since clients keep what they were told. It sees only what its own resolver says: one that clients use, too, says the same to both.
 */
import { Resolver } from 'node:dns/promises';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { PortalSettings } from './config/model.ts';
import type { Firewall } from './firewall/firewall.ts';

export interface GardenParts {
  /** As they are now. */
  readonly settings: Pick<PortalSettings, 'garden_domains' | 'garden_resolver'>;
  readonly firewall: Pick<Firewall, 'plant' | 'clearGarden'>;
  readonly log: Log;
}

interface Found {
  readonly address: string;
  readonly ttl: number;
}

const SHORTEST_S = 30;
const LONGEST_S = 3_600;
const AFTER_FAILURE_S = 60;
/** Of one name and family: more are not what a client would try. */
const MOST_ADDRESSES = 64;
const PATIENCE_MS = 5_000;

export class Garden {
  readonly #parts: GardenParts;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #resolver = new Resolver();
  /** Lookups of an older round count no more. */
  #round = 0;

  constructor(parts: GardenParts) {
    this.#parts = parts;
  }

  /** From the start, and again when the names have changed: what is open now is closed first. */
  async begin(): Promise<void> {
    this.stop();
    const { garden_domains: names, garden_resolver: server } = this.#parts.settings;
    const round = this.#round;
    this.#resolver = new Resolver({ timeout: PATIENCE_MS, tries: 2 });
    if (server !== undefined) this.#resolver.setServers([server]);
    // A table that was just loaded is empty.
    if (round > 1) await this.#parts.firewall.clearGarden();
    for (const name of names) void this.#look(name, round);
  }

  stop(): void {
    this.#round++;
    this.#resolver.cancel();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #look(name: string, round: number): Promise<void> {
    let seconds = AFTER_FAILURE_S;
    try {
      const found = await this.#ask(name);
      if (round !== this.#round) return;
      const ttl = Math.min(LONGEST_S, ...found.map((one) => one.ttl));
      seconds = Math.max(SHORTEST_S, ttl);
      await this.#parts.firewall.plant(
        found.map(({ address }) => address),
        LONGEST_S + seconds,
      );
    } catch (error) {
      if (round !== this.#round) return;
      this.#parts.log.warn('a name of the walled garden could not be opened', { name, error: describeError(error) });
    }
    if (round === this.#round)
      this.#timers.set(name, setTimeout(() => this.#look(name, round), 1_000 * seconds).unref());
  }

  /** Rejects where it has no address at all. */
  async #ask(name: string): Promise<Found[]> {
    const asked = await Promise.allSettled([
      this.#resolver.resolve4(name, { ttl: true }),
      this.#resolver.resolve6(name, { ttl: true }),
    ]);
    const found = asked.flatMap((one) => (one.status === 'fulfilled' ? one.value.slice(0, MOST_ADDRESSES) : []));
    if (found.length === 0) throw asked.find((one) => one.status === 'rejected')?.reason ?? new Error('no address');
    return found;
  }
}
