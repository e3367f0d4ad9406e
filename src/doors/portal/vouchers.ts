/**
 * Who is in by a voucher, and what that voucher has left. Its terms hold for all of its devices together: one kernel's quota holds the volume
 * of one device exactly, and those of several are added up each second. A device more than it may have takes the place of the one that has
 * been quiet for longest, so that nobody is kept out by a telephone that lies at home.
 */
import type { Change } from '../../core/journal/types.ts';
import { type Used, usedBy, whatIsLeft } from '../../core/vouchers/terms.ts';
import { putUse, type Voucher, type Vouchers, voucherLogin } from '../../core/vouchers/vouchers.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Bytes, bytesOfKbit, type Client, type Clients, type Session } from './clients.ts';

export interface VoucherDeskParts {
  readonly vouchers: Pick<Vouchers, 'find' | 'findByLogin' | 'usesOf'>;
  readonly clients: Clients;
  readonly clock: Clock;
}

/** A voucher that somebody is in by. */
interface Tab {
  readonly voucher: Voucher;
  /** By sessions that are over. */
  ended: Used;
}

export class VoucherDesk {
  readonly #parts: VoucherDeskParts;
  /** By login. */
  readonly #tabs = new Map<string, Tab>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: VoucherDeskParts) {
    this.#parts = parts;
  }

  /** Undefined: what was typed is no code of ours. Errors: STORAGE_UNAVAILABLE. */
  find(typed: string): Promise<Voucher | undefined> {
    return this.#parts.vouchers.find(typed);
  }

  /** Logins by the same voucher go one after the other, so that all of them count. */
  async inTurn<T>(voucher: Voucher, work: () => Promise<T>): Promise<T> {
    const login = voucherLogin(voucher);
    const before = this.#turns.get(login);
    const turn = (async () => {
      await before?.catch(() => {});
      return work();
    })();
    this.#turns.set(login, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(login) === turn) this.#turns.delete(login);
    }
  }

  /** What a session of this client may have by it; undefined: nothing is left. `close`: puts out a device that was in before. */
  async grant(
    voucher: Voucher,
    client: Client,
    close: (other: Client) => Promise<unknown>,
  ): Promise<{ seconds: number; most: Bytes; rate: Bytes } | undefined> {
    const tab = await this.#tabOf(voucher);
    const { terms } = voucher;
    if (whatIsLeft(terms, this.#used(tab), this.#parts.clock.now()) === undefined) return undefined;
    const devices = [...Map.groupBy(this.#inBy(voucherLogin(voucher)), ({ mac }) => mac)]
      .filter(([mac]) => mac !== client.mac)
      .map(([, addresses]) => ({ addresses, active: Math.max(...addresses.map(({ active }) => active)) }))
      .sort((a, b) => a.active - b.active);
    for (const { addresses } of devices.slice(0, Math.max(0, devices.length + 1 - terms.devices)))
      for (const other of addresses) await close(other);
    const left = whatIsLeft(terms, this.#used(tab), this.#parts.clock.now());
    const rate = bytesOfKbit(terms.uploadKbit ?? 0, terms.downloadKbit ?? 0);
    return left && { seconds: left.seconds, most: { sent: left.upload, received: left.download }, rate };
  }

  /** What his devices together have left, who is in by one; undefined: by none, or nothing is. */
  left({ user }: Pick<Session, 'user'>): Bytes | undefined {
    const tab = this.#tabs.get(user);
    const left = tab && whatIsLeft(tab.voucher.terms, this.#used(tab), this.#parts.clock.now());
    return left && { sent: left.upload, received: left.download };
  }

  /** What is written together with the begin or the end of a session; nothing where it is not by a voucher. */
  record({ mac }: Pick<Client, 'mac'>, session: Session, isOver: boolean): Change[] {
    const tab = this.#tabs.get(session.user);
    if (tab === undefined) return [];
    const { id, batch } = tab.voucher;
    const { name, started } = session;
    const { sent, received } = isOver ? session : { sent: 0, received: 0 };
    tab.ended = usedBy([
      ...(tab.ended.first === undefined ? [] : [{ ...tab.ended, started: tab.ended.first }]),
      { started, sent, received },
    ]);
    return [putUse({ session: name, voucher: id, batch, mac, started, sent, received })];
  }

  /** For sessions that outlived the server, before they go on. Errors: STORAGE_UNAVAILABLE. */
  async resume(logins: Iterable<string>): Promise<void> {
    for (const login of new Set(logins)) {
      const voucher = await this.#parts.vouchers.findByLogin(login);
      if (voucher) await this.#tabOf(voucher);
    }
  }

  /** Those that are in by a voucher of which nothing is left. */
  spent(): Client[] {
    const now = this.#parts.clock.now();
    const spent: Client[] = [];
    for (const [login, tab] of this.#tabs) {
      const inside = this.#inBy(login);
      if (inside.length === 0 && !this.#turns.has(login)) this.#tabs.delete(login);
      else if (whatIsLeft(tab.voucher.terms, this.#used(tab), now) === undefined) spent.push(...inside);
    }
    return spent;
  }

  async #tabOf(voucher: Voucher): Promise<Tab> {
    const login = voucherLogin(voucher);
    const known = this.#tabs.get(login);
    if (known) return known;
    // A session that lasts has a row with no bytes.
    const tab = { voucher, ended: usedBy(await this.#parts.vouchers.usesOf(voucher)) };
    this.#tabs.set(login, tab);
    return tab;
  }

  #used({ voucher, ended }: Tab): Used {
    let { sent, received } = ended;
    for (const { session } of this.#inBy(voucherLogin(voucher))) {
      sent += session!.sent;
      received += session!.received;
    }
    return { first: ended.first, sent, received };
  }

  /** Also those on their way out: what they used is not in `ended` yet. */
  #inBy(login: string): Client[] {
    return [...this.#parts.clients.all()].filter(({ session }) => session?.user === login);
  }
}
