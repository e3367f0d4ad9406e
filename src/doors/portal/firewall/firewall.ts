/**
 * The firewall while the door is open: loads the table, and changes its sets in batches. One transaction is in flight; what is asked
 * for meanwhile shares the next one. A batch that nft refuses is tried again change by change, so that one cannot spoil another.
 *
 * An element may have expired, or stand there already, when a change comes: each change first adds what it then deletes, which holds
 * in both cases and lets a new time count.
 */
import { isIPv4 } from 'node:net';
import type { Nft } from './nft.ts';
import type { FirewallSettings, GatewayAddresses, Member } from './ruleset.ts';
import { addressElement, pairElement, REMOVE_TABLE, ruleset, TABLE } from './ruleset.ts';

/** Bytes since the element was made: from the client, and to it. */
export interface Traffic {
  readonly address: string;
  readonly sent: number;
  readonly received: number;
}

export type MacSet = 'blocked' | 'allowed' | 'trusted';

interface Change {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Firewall {
  readonly #nft: Nft;
  #waiting: Change[] = [];
  #running: Promise<void> | undefined;

  constructor(nft: Nft) {
    this.#nft = nft;
  }

  /** Everything at once, in place of what may be left of an earlier run. Errors: PORTAL_RIGHTS, PORTAL_FIREWALL. */
  load(settings: FirewallSettings, gateway: GatewayAddresses, members: readonly Member[]): Promise<void> {
    return this.#nft.apply(ruleset(settings, gateway, members));
  }

  /** After the changes under way; nothing of ours is left. */
  async remove(): Promise<void> {
    await this.#running;
    await this.#nft.apply(REMOVE_TABLE);
  }

  /** Lets the client in, or gives it another time. */
  admit(member: Member): Promise<void> {
    const [pairs, addresses] = setsOf(member);
    return this.#change(
      `${removal(member)}add element ${TABLE} ${pairs} { ${pairElement(member)} }\n` +
        `add element ${TABLE} ${addresses} { ${addressElement(member)} }\n`,
    );
  }

  /** Its open connections stop with it. */
  expel(member: Member): Promise<void> {
    return this.#change(removal(member));
  }

  /** Puts the MAC address into the set, or takes it out. What was learnt of trusted ones is forgotten. */
  list(name: MacSet, mac: string, isIn: boolean): Promise<void> {
    const forget = `flush set ${TABLE} trusted4\nflush set ${TABLE} trusted6\n`;
    const take = isIn ? '' : `delete element ${TABLE} ${name} { ${mac} }\n`;
    return this.#change(`add element ${TABLE} ${name} { ${mac} }\n${take}${forget}`);
  }

  async traffic(): Promise<Traffic[]> {
    return trafficIn((await this.#nft.list(TABLE)) ?? '');
  }

  #change(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ text, resolve, reject });
    this.#running ??= this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    // Those of one turn of the event loop go together from the first batch on.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#nft.apply(batch.map(({ text }) => text).join(''));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        if (batch.length === 1) batch[0]!.reject(error);
        else for (const change of batch) await this.#nft.apply(change.text).then(change.resolve, change.reject);
      }
    }
    this.#running = undefined;
  }
}

function setsOf({ address }: Member): readonly [pairs: string, addresses: string] {
  return isIPv4(address) ? ['in4', 'to4'] : ['in6', 'to6'];
}

function removal(member: Member): string {
  const [pairs, addresses] = setsOf(member);
  const forever = { ...member, leftMs: undefined };
  return ['add', 'delete']
    .map(
      (verb) =>
        `${verb} element ${TABLE} ${pairs} { ${pairElement(forever)} }\n` +
        `${verb} element ${TABLE} ${addresses} { ${addressElement(forever)} }\n`,
    )
    .join('');
}

/** One line for each address that is in, read from `nft -j list table`. */
export function trafficIn(listing: string): Traffic[] {
  if (listing === '') return [];
  const { nftables } = JSON.parse(listing) as { nftables: readonly { set?: { name: string; elem?: unknown[] } }[] };
  const sent = new Map<string, number>();
  const received = new Map<string, number>();
  for (const { set } of nftables) {
    const into = set && (/^in[46]$/.test(set.name) ? sent : /^to[46]$/.test(set.name) ? received : undefined);
    if (into === undefined) continue;
    for (const one of set?.elem ?? []) {
      const { val, counter } = (one as { elem?: { val?: unknown; counter?: { bytes?: number } } }).elem ?? {};
      const address = typeof val === 'string' ? val : (val as { concat?: string[] } | undefined)?.concat?.[0];
      if (address !== undefined) into.set(address, counter?.bytes ?? 0);
    }
  }
  return [...sent].map(([address, bytes]) => ({ address, sent: bytes, received: received.get(address) ?? 0 }));
}
