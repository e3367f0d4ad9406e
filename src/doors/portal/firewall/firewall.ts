/**
 * The firewall while the door is open: loads the table, and changes its sets in batches. One transaction is in flight; what is asked
 * for meanwhile shares the next one. A batch that fails is tried again change by change, so that one cannot spoil another, and what a
 * lost helper may have done or not is done.
 */
import { GatehouseError } from '../../../platform/errors.ts';
import type { Bytes, Place } from '../clients.ts';
import {
  addressesOf,
  admission,
  forgetting,
  joining,
  type Member,
  parting,
  planting,
  quotaName,
  removal,
  TABLE,
} from './elements.ts';
import type { Nft } from './nft.ts';
import { rivalIn } from './rivals.ts';
import { type Insides, otherRules, REMOVE_TABLE, ruleset } from './ruleset.ts';

/** Bytes since the client was let in. */
export interface Traffic extends Bytes {
  readonly address: string;
  /** Whose it is; undefined: his time is over. */
  readonly place: Place | undefined;
  /** One of its volumes is used up: nothing more gets through. */
  readonly spent: boolean;
}

/** What one transaction takes at most: the helper takes a text of 1 MiB, and a change with volumes and rates over IPv6 is 5 KB. */
const MOST_CHANGES = 150;
const MOST_MEMBERS = 300;
/** Whoever wants to come in past that is put off; to go out there is always room. */
const MOST_WAITING = 5_000;

export type MacSet = 'blocked' | 'allowed' | 'trusted';

interface Change {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Firewall {
  readonly #nft: Nft;
  #reading: Promise<Traffic[]> | undefined;
  readonly #waiting: Change[] = [];
  #running: Promise<void> | undefined;

  constructor(nft: Nft) {
    this.#nft = nft;
  }

  /** That it can be changed, and is nobody else's; changes nothing. Errors: PORTAL_RIGHTS, PORTAL_RIVAL. */
  async check(): Promise<void> {
    const rival = rivalIn((await this.#nft.list('chains')) ?? '{"nftables":[]}');
    if (rival === undefined) return;
    throw new GatehouseError('PORTAL_RIVAL', `the rules of another captive portal stand in the firewall: ${rival}`, {
      hint: 'stop it (systemctl disable --now nodogsplash opennds); what a crash left of it goes with `nft delete table`, or a reboot',
    });
  }

  /** Everything at once, in place of what may be left of an earlier run. Errors: PORTAL_RIGHTS, PORTAL_FIREWALL. */
  async load(insides: Insides, members: readonly Member[]): Promise<void> {
    await this.#nft.apply(ruleset(insides, members.slice(0, MOST_MEMBERS)));
    for (let i = MOST_MEMBERS; i < members.length; i += MOST_MEMBERS)
      await this.#nft.apply(
        members
          .slice(i, i + MOST_MEMBERS)
          .map(admission)
          .join(''),
      );
  }

  /** Other rules, while everybody stays in. Errors: PORTAL_FIREWALL. */
  rule(insides: Insides): Promise<void> {
    return this.#change(otherRules(insides));
  }

  /** Strangers may reach these addresses for so long from now on. */
  plant(addresses: readonly string[], seconds: number): Promise<void> {
    return this.#change(addresses.map((address) => planting(address, seconds)).join(''));
  }

  clearGarden(): Promise<void> {
    return this.#change(`flush set ${TABLE} garden4\nflush set ${TABLE} garden6\n`);
  }

  /** After the changes under way; nothing of ours is left. */
  async remove(): Promise<void> {
    await this.#running;
    await this.#nft.apply(REMOVE_TABLE);
  }

  /** Lets the client in, or gives it another time; its counters begin anew where they were forgotten. */
  async admit(member: Member): Promise<void> {
    if (this.#waiting.length >= MOST_WAITING)
      throw new GatehouseError('PORTAL_FIREWALL', 'too many changes of the firewall wait');
    return this.#change(`${removal(member)}${admission(member)}`);
  }

  /** Gives who is in other terms; its counters go on. */
  replace(before: Member, after: Member): Promise<void> {
    return this.#change(`${removal(before)}${admission(after)}`);
  }

  /** Its open connections stop with it. Its counters stay until `forget`. */
  expel(member: Member): Promise<void> {
    return this.#change(removal(member));
  }

  forget(member: Pick<Member, 'address' | 'also'>): Promise<void> {
    return this.#change(forgetting(addressesOf(member)));
  }

  /** One more address of a client that is in. */
  join(member: Member, address: string): Promise<void> {
    return this.#change(joining(member, address));
  }

  /** Its counters stay until `forget`. */
  part(member: Member, address: string): Promise<void> {
    return this.#change(parting(member, address));
  }

  /** Puts the MAC address into the set, or takes it out. What was learnt of trusted ones is forgotten. */
  list(name: MacSet, mac: string, isIn: boolean): Promise<void> {
    const forget = `flush set ${TABLE} trusted4\nflush set ${TABLE} trusted6\n`;
    const take = isIn ? '' : `delete element ${TABLE} ${name} { ${mac} }\n`;
    return this.#change(`add element ${TABLE} ${name} { ${mac} }\n${take}${forget}`);
  }

  /** Who asks while it is being read waits for the next reading, which all of them share. */
  async traffic(): Promise<Traffic[]> {
    await this.#reading?.catch(() => {});
    this.#reading ??= this.#read();
    return this.#reading;
  }

  async #read(): Promise<Traffic[]> {
    try {
      return trafficIn((await this.#nft.list(`table ${TABLE}`)) ?? '');
    } finally {
      this.#reading = undefined;
    }
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
      const batch = this.#waiting.splice(0, MOST_CHANGES);
      try {
        await this.#nft.apply(batch.map(({ text }) => text).join(''));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        const isHopeless = batch.length === 1 && error instanceof GatehouseError && error.code.startsWith('PORTAL_');
        if (isHopeless) batch[0]!.reject(error);
        else for (const change of batch) await this.#nft.apply(change.text).then(change.resolve, change.reject);
      }
    }
    this.#running = undefined;
  }
}

interface Listed {
  readonly set?: { readonly name: string; readonly elem?: readonly unknown[] };
  readonly quota?: { readonly name: string; readonly bytes: number; readonly used: number };
}

/** One line for each address that is counted, read from `nft -j list table`. */
export function trafficIn(listing: string): Traffic[] {
  if (listing === '') return [];
  const sent = new Map<string, number>();
  const received = new Map<string, number>();
  const spent = new Set<string>();
  const places = new Map<string, Place>();
  for (const { set, quota } of (JSON.parse(listing) as { nftables: readonly Listed[] }).nftables) {
    if (quota && quota.used >= quota.bytes) spent.add(quota.name);
    for (const one of (set && /^in[46]$/.test(set.name) && set.elem) || []) {
      const { concat } = ((one as { elem?: { val: unknown } }).elem?.val ?? one) as {
        concat: [string, string, string];
      };
      const [card, address, mac] = concat;
      places.set(address, { interface: card, address, mac });
    }
    const into = set && (/^sent[46]$/.test(set.name) ? sent : /^got[46]$/.test(set.name) ? received : undefined);
    for (const one of (into && set.elem) ?? []) {
      const { val, counter } = (one as { elem?: { val?: string; counter?: { bytes?: number } } }).elem ?? {};
      if (typeof val === 'string') into!.set(val, counter?.bytes ?? 0);
    }
  }
  return [...sent].map(([address, bytes]) => ({
    address,
    place: places.get(address),
    sent: bytes,
    received: received.get(address) ?? 0,
    spent: spent.has(quotaName('sent', address)) || spent.has(quotaName('got', address)),
  }));
}
