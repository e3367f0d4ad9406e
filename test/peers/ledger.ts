/**
 * What a server owes one telephone: for each contact the last change that was acknowledged, and what was asked for since without a
 * clear answer. A change that got no 200 may have been made or not; a 200 leaves one possibility.
 *
 * Units: seconds since the epoch; a contact that is gone has `until` 0.
 */

/** How far `expires` may be off: answers take their time, and seconds are cut. */
const SLACK = 5;

/** A contact as asked for: `expires` in seconds from then, 0 = remove. */
export interface Wish {
  readonly contact: string;
  readonly expires: number;
}

interface Account {
  acknowledged: number;
  /** From changes without a 200 since then. */
  possible: number[];
}

export class Ledger {
  readonly #contacts = new Map<string, Account>();

  /** Contacts that the server owes. */
  get owed(): string[] {
    return [...this.#contacts].filter(([, { acknowledged }]) => acknowledged > 0).map(([contact]) => contact);
  }

  /** `ago`: seconds since it was asked for. */
  acknowledge(wishes: readonly Wish[], ago = 0): void {
    for (const wish of wishes) this.#contacts.set(wish.contact, { acknowledged: until(wish, ago), possible: [] });
  }

  doubt(wishes: readonly Wish[], ago: number): void {
    for (const wish of wishes) {
      const account = this.#contacts.get(wish.contact) ?? { acknowledged: 0, possible: [] };
      account.possible.push(until(wish, ago));
      this.#contacts.set(wish.contact, account);
    }
  }

  /** What is wrong with the contacts that the server has (`expires` in seconds from now), one line each. */
  faults(found: readonly Wish[]): string[] {
    const there = new Map(found.map((one) => [one.contact, until(one, 0)]));
    const faults = [...there.keys()]
      .filter((contact) => !this.#contacts.has(contact))
      .map((c) => `${c} was never sent`);
    for (const [contact, { acknowledged, possible }] of this.#contacts) {
      const is = there.get(contact) ?? 0;
      if ([acknowledged, ...possible].some((allowed) => isSame(is, allowed))) continue;
      faults.push(`${contact} is ${show(is)}, acknowledged was ${show(acknowledged)}`);
    }
    return faults;
  }

  /** The server holds what it has, whatever was in doubt. */
  settle(found: readonly Wish[]): void {
    this.#contacts.clear();
    this.acknowledge(found);
  }
}

function until({ expires }: Wish, ago: number): number {
  return expires === 0 ? 0 : Math.floor(Date.now() / 1000 - ago) + expires;
}

function isSame(a: number, b: number): boolean {
  return a === 0 || b === 0 ? a === b : Math.abs(a - b) <= SLACK;
}

function show(time: number): string {
  return time === 0 ? 'gone' : `there until ${time}`;
}
