/**
 * The firewall while the door is open: loads the table, and changes its sets in batches. One transaction is in flight; what is asked
 * for meanwhile shares the next one. A batch that fails is tried again change by change, so that one cannot spoil another, and what a
 * lost helper may have done or not is done.
 *
 * An element may have expired, or stand there already, when a change comes: each change first adds what it then deletes, which holds
 * in both cases and lets a new time count.
 */
import { isIPv4 } from 'node:net';
import { GatehouseError } from '../../../platform/errors.ts';
import type { Nft } from './nft.ts';
import type { FirewallSettings, GatewayAddresses, Member } from './ruleset.ts';
import { addressElement, pairElement, REMOVE_TABLE, ruleset, TABLE } from './ruleset.ts';

/** Bytes since the client was let in: from it, and to it. */
export interface Traffic {
  readonly address: string;
  readonly sent: number;
  readonly received: number;
}

/** What one transaction takes at most: its text is bounded. */
const MOST_CHANGES = 1_000;
const MOST_MEMBERS = 2_000;

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

  /** Everything at once, in place of what may be left of an earlier run. Errors: PORTAL_RIGHTS, PORTAL_FIREWALL. */
  async load(settings: FirewallSettings, gateway: GatewayAddresses, members: readonly Member[]): Promise<void> {
    await this.#nft.apply(ruleset(settings, gateway, members.slice(0, MOST_MEMBERS)));
    await Promise.all(members.slice(MOST_MEMBERS).map((member) => this.admit(member)));
  }

  /** After the changes under way; nothing of ours is left. */
  async remove(): Promise<void> {
    await this.#running;
    await this.#nft.apply(REMOVE_TABLE);
  }

  /** Lets the client in, or gives it another time; its counters begin anew where they were forgotten. */
  admit(member: Member): Promise<void> {
    const { pairs, addresses, counters } = setsOf(member);
    const elements = [
      ...counters.map((name) => `${name} { ${member.address} }`),
      `${pairs} { ${pairElement(member)} }`,
      `${addresses} { ${addressElement(member)} }`,
    ];
    return this.#change(`${removal(member)}${commands('add', elements)}`);
  }

  /** Its open connections stop with it. Its counters stay until `forget`. */
  expel(member: Member): Promise<void> {
    return this.#change(removal(member));
  }

  forget(member: Member): Promise<void> {
    const elements = setsOf(member).counters.map((name) => `${name} { ${member.address} }`);
    return this.#change(`${commands('add', elements)}${commands('delete', elements)}`);
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
      return trafficIn((await this.#nft.list(TABLE)) ?? '');
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

function setsOf({ address }: Member) {
  return isIPv4(address)
    ? { pairs: 'in4', addresses: 'to4', counters: ['sent4', 'got4'] }
    : { pairs: 'in6', addresses: 'to6', counters: ['sent6', 'got6'] };
}

function removal(member: Member): string {
  const { pairs, addresses } = setsOf(member);
  const forever = { ...member, leftMs: undefined };
  const elements = [`${pairs} { ${pairElement(forever)} }`, `${addresses} { ${addressElement(forever)} }`];
  return `${commands('add', elements)}${commands('delete', elements)}`;
}

function commands(verb: 'add' | 'delete', elements: readonly string[]): string {
  return elements.map((element) => `${verb} element ${TABLE} ${element}\n`).join('');
}

/** One line for each address that is in, read from `nft -j list table`. */
export function trafficIn(listing: string): Traffic[] {
  if (listing === '') return [];
  const { nftables } = JSON.parse(listing) as { nftables: readonly { set?: { name: string; elem?: unknown[] } }[] };
  const sent = new Map<string, number>();
  const received = new Map<string, number>();
  for (const { set } of nftables) {
    const into = set && (/^sent[46]$/.test(set.name) ? sent : /^got[46]$/.test(set.name) ? received : undefined);
    if (into === undefined) continue;
    for (const one of set?.elem ?? []) {
      const { val, counter } = (one as { elem?: { val?: string; counter?: { bytes?: number } } }).elem ?? {};
      if (typeof val === 'string') into.set(val, counter?.bytes ?? 0);
    }
  }
  return [...sent].map(([address, bytes]) => ({ address, sent: bytes, received: received.get(address) ?? 0 }));
}
