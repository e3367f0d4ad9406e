/**
 * Who is trusted, blocked or allowed, as the configuration begins and ndsctl goes on; a restart begins anew, a reload
 * changes what the configuration changed. Blocked counts before all.
 */
import type { Place } from './clients.ts';
import type { PortalSettings } from './config/model.ts';
import type { Firewall, MacSet } from './firewall/firewall.ts';

type Lists = Pick<PortalSettings, 'trusted_macs' | 'blocked_macs' | 'allowed_macs'>;

export class MacLists {
  readonly #sets: Readonly<Record<MacSet, Set<string>>>;
  readonly #mechanism: PortalSettings['mac_mechanism'];
  readonly #firewall: Firewall;
  readonly #trusts: (card: string) => boolean;

  /** `trusts`: whether anybody is trusted on an interface. */
  constructor(
    settings: Lists & Pick<PortalSettings, 'mac_mechanism'>,
    firewall: Firewall,
    trusts: (card: string) => boolean,
  ) {
    this.#trusts = trusts;
    this.#mechanism = settings.mac_mechanism;
    this.#firewall = firewall;
    this.#sets = {
      trusted: new Set(settings.trusted_macs),
      blocked: new Set(settings.blocked_macs),
      allowed: new Set(settings.allowed_macs),
    };
  }

  all(name: MacSet): readonly string[] {
    return [...this.#sets[name]];
  }

  isBlocked(mac: string): boolean {
    return this.#sets.blocked.has(mac) || (this.#mechanism === 'allow' && !this.#sets.allowed.has(mac));
  }

  isTrusted({ interface: card, mac }: Place): boolean {
    return this.#sets.trusted.has(mac) && this.#trusts(card) && !this.isBlocked(mac);
  }

  /** What a changed configuration adds or takes away; what ndsctl said of others stays. In force when this resolves. */
  async follow(before: Lists, after: Lists): Promise<void> {
    for (const name of ['blocked', 'trusted', 'allowed'] as const) {
      const [old, now] = [new Set(before[`${name}_macs`]), new Set(after[`${name}_macs`])];
      for (const mac of now.difference(old)) await this.put(name, mac, true);
      for (const mac of old.difference(now)) await this.put(name, mac, false);
    }
  }

  /** False: it is so already, or that list is not in use. In force when this resolves. */
  async put(name: MacSet, mac: string, isIn: boolean): Promise<boolean> {
    const set = this.#sets[name];
    if (set.has(mac) === isIn || (name === 'allowed' && this.#mechanism !== 'allow')) return false;
    await this.#firewall.list(name, mac, isIn);
    if (isIn) set.add(mac);
    else set.delete(mac);
    return true;
  }
}
