/**
 * Lets clients in and out: the gate's consent, the journal, the firewall's sets, and the list of clients, in this order, so that nobody
 * is in who is not written down, and a crash at any point leaves nobody in for longer than his time.
 *
 * Units: seconds in terms, milliseconds since the epoch elsewhere, bytes. Errors: STORAGE_… of the journal, PORTAL_FIREWALL.
 */
import { randomBytes } from 'node:crypto';
import { auditChange } from '../../core/audit/events.ts';
import type { SessionChange } from '../../core/doors/types.ts';
import type { EndReason, Gate, SessionStart } from '../../core/gate/types.ts';
import { commit } from '../../core/journal/commit.ts';
import type { Change, Journal } from '../../core/journal/types.ts';
import { checkTerms, termsText } from '../../core/sessions/terms.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import {
  type Bytes,
  bytesOfKbit,
  type Client,
  type Clients,
  cardOf,
  isInside,
  newToken,
  type Session,
} from './clients.ts';
import type { PortalSettings } from './config/model.ts';
import type { Member } from './firewall/elements.ts';
import type { Firewall, Traffic } from './firewall/firewall.ts';
import { deleteSession, putSession, type StoredSession } from './stored-sessions.ts';
import { bytesOf, memberOf, plus, termsAfter } from './terms.ts';

export interface SessionParts {
  readonly settings: Pick<PortalSettings, 'idle_seconds' | 'preauth_idle_seconds' | 'max_clients'>;
  /** Those of an interface. */
  readonly settingsOn: (card: string) => Pick<PortalSettings, 'upload_kbit' | 'download_kbit'>;
  readonly clients: Clients;
  readonly firewall: Firewall;
  readonly gate: Gate;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** What is written together with a session's begin or end besides. */
  readonly record: (client: Pick<Client, 'mac'>, session: Session, isOver: boolean) => Change[];
  /** Hears of every session that began or ended; `end` is when it ended, or is to end, 0 = no end. */
  readonly tell: (event: PortalEvent, client: Client, session: Session, end: number) => void;
}

/** Why a session ended, or began, as programs are told. */
export type PortalEvent =
  | 'client_auth'
  | 'client_deauth'
  | 'idle_deauth'
  | 'timeout_deauth'
  | 'ndsctl_auth'
  | 'ndsctl_deauth'
  | 'shutdown_deauth';

export interface Opening {
  readonly name: string;
  readonly user: string;
  /** 0: no end. */
  readonly seconds: number;
  /** 0: no limit. */
  readonly most: Bytes;
  /** Bytes in a second; 0: as everybody. */
  readonly rate: Bytes;
  readonly event: 'client_auth' | 'ndsctl_auth';
}

const REASONS: Partial<Record<PortalEvent, EndReason>> = {
  client_deauth: 'logout',
  idle_deauth: 'expired',
  timeout_deauth: 'expired',
  ndsctl_deauth: 'kicked',
};

/** Sessions that outlived the server, and those of them that are to be let in again. */
export interface Recalled {
  readonly staying: readonly (StoredSession & { readonly also: readonly string[] })[];
  readonly over: readonly StoredSession[];
  readonly members: readonly Member[];
}

/** Addresses of a card besides the one that it logged in from. Privacy addresses come and go; one that is new takes the place of the quietest. */
const MOST_ALSO = 8;

export const UNLIMITED: Bytes = { sent: 0, received: 0 };

export class Sessions {
  readonly #parts: SessionParts;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** A name for a session to be. */
  newName(): string {
    return `portal:${randomBytes(8).toString('hex')}`;
  }

  get full(): boolean {
    return this.#parts.clients.inside >= this.#parts.settings.max_clients;
  }

  /** Somebody may have only so many bytes: the counters are worth a look each second. */
  get areLimited(): boolean {
    return this.#parts.clients.inside > 0 && [...this.#parts.clients.all()].some(({ session }) => isLimited(session));
  }

  /** The client is in when this resolves. */
  async open(client: Client, { name, user, seconds, most, rate: given, event }: Opening): Promise<void> {
    const { clients, clock, firewall, gate, journal, record, tell } = this.#parts;
    const other = clients.insideAt(client.address);
    // Another card has the address now: whoever had it before cannot be reached any more.
    if (other?.address === client.address) await this.close(other, 'ndsctl_deauth', 'replaced');
    else if (other) await this.#part(other, client.address);
    const started = clock.now();
    const ends = seconds === 0 ? 0 : started + 1000 * seconds;
    const all = this.#rateOn(client.interface);
    const ownRate = given.sent > 0 || given.received > 0;
    const rate = { sent: given.sent || all.sent, received: given.received || all.received };
    const counted = { before: UNLIMITED, most, rate, ownRate, sent: 0, received: 0, spent: false };
    const session: Session = { name, user, started, ends, ...counted };
    const token = newToken();
    const start = startOf(client, session);
    await commit(journal, [
      ...gate.opened(start),
      ...putSession({ ...client, token, session, suspended: false }),
      ...record(client, session, false),
    ]);
    const member = memberOf(client, client.also.keys(), session, clock.now());
    try {
      await firewall.admit(member);
    } catch (error) {
      // Whether it is in is not known: it must not be.
      firewall.expel(member).catch(() => {});
      journal.append(this.#ending(client, session, 'removed', clock.now()));
      throw error;
    }
    clients.entered(client, session, token);
    client.active = clock.now();
    tell(event, client, session, ends);
  }

  /** Lets another address of its card in, for as long as the session lasts. It is in when this resolves, or not possible. */
  async join(client: Client, address: string): Promise<void> {
    const { clients, clock, firewall, log } = this.#parts;
    const { session } = client;
    // What is known of it before the change of the firewall is asked for goes with the session, whenever that ends.
    if (!session || !isInside(client) || !clients.joined(client, address, clock.now())) return;
    try {
      await firewall.join(memberOf(client, client.also.keys(), session, clock.now()), address);
    } catch (error) {
      log.warn('an address of a client could not be let in', { address, error: describeError(error) });
      await this.#part(client, address);
    }
    const { also } = client;
    if (also.size <= MOST_ALSO || !isInside(client)) return;
    const [quietest] = [...also].reduce((a, b) => (b[1].active < a[1].active ? b : a));
    await this.#part(client, quietest);
  }

  /** Its bytes stay the session's. */
  async #part(client: Client, address: string): Promise<void> {
    const { clients, clock, firewall, journal, log } = this.#parts;
    const { session } = client;
    if (!session) return;
    try {
      await firewall.part(memberOf(client, client.also.keys(), session, clock.now()), address);
      this.#read(await firewall.traffic());
      const counted = client.also.get(address);
      // It may be out as a whole by now.
      if (!counted || client.session !== session) return;
      session.before = plus(session.before, counted);
      journal.append(rowWhileIn(client, session));
      clients.parted(client, address);
      await firewall.forget({ address, also: [] });
    } catch (error) {
      log.warn('an address of a client could not be taken out', { address, error: describeError(error) });
    }
  }

  /** False: it was not in. It is out when this resolves. */
  async close(client: Client, event: PortalEvent, reason: EndReason = REASONS[event] ?? 'removed'): Promise<boolean> {
    const { session } = client;
    if (session === undefined) return false;
    if (client.leaving) return client.leaving.then(() => false);
    client.leaving = this.#expel(client, session, event, reason).finally(() => {
      client.leaving = undefined;
    });
    await client.leaving;
    return true;
  }

  async #expel(client: Client, session: Session, event: PortalEvent, reason: EndReason): Promise<void> {
    const { clients, clock, firewall, journal, log, tell } = this.#parts;
    const now = clock.now();
    const member = memberOf(client, client.also.keys(), session, now);
    try {
      await firewall.expel(member);
      this.#read(await firewall.traffic());
      await firewall.forget(member);
    } catch (error) {
      log.error('a session could not be taken out of the firewall in order', { error: describeError(error) });
    }
    const ended = session.ends > 0 ? Math.min(now, session.ends) : now;
    journal.append(this.#ending(client, session, reason, ended));
    clients.left(client, now);
    tell(event, client, session, ended);
  }

  /** Gives who is in other terms, one client after the other. False: it is not in any more. Errors: SESSION_TERMS, STORAGE_…, PORTAL_FIREWALL; then nothing is changed. */
  change(client: Client, change: SessionChange): Promise<boolean> {
    const changed = this.#changes.then(() => this.#change(client, change));
    this.#changes = changed.catch(() => {});
    return changed;
  }

  async #change(client: Client, change: SessionChange): Promise<boolean> {
    const { clock, firewall, journal } = this.#parts;
    const { session } = client;
    if (session === undefined) return false;
    checkTerms(session.name, change, ['seconds', 'upload', 'download', 'uploadRate', 'downloadRate']);
    // What is left of a volume counts from here.
    this.#read(await firewall.traffic());
    const isIn = () => client.session === session && isInside(client);
    if (!isIn()) return false;
    const terms = termsAfter(session, change, clock.now());
    const { user, name } = session;
    const fields = { door: 'portal', user, session: name, client: client.address, by: change.by };
    await commit(journal, [
      auditChange(clock.now(), 'changed', { ...fields, terms: termsText(change) }),
      ...rowWhileIn(client, { ...session, ...terms }),
    ]);
    if (!isIn()) return false;
    const { ends, most, rate, ownRate } = session;
    const member = () => memberOf(client, client.also.keys(), { ...session, before: bytesOf(session) }, clock.now());
    const before = member();
    // At once with its turn in the firewall: whoever takes the client out after that takes out what this puts in.
    Object.assign(session, terms, { spent: false });
    const after = member();
    try {
      await firewall.replace(before, after);
    } catch (error) {
      Object.assign(session, { ends, most, rate, ownRate });
      firewall.replace(after, before).catch(() => {});
      if (isIn()) journal.append([...deleteSession({ name, ownRate: true }), ...rowWhileIn(client, session)]);
      throw error;
    }
    return true;
  }

  #ending(client: Client, session: Session, reason: EndReason, ended: number): Change[] {
    const { gate, record } = this.#parts;
    const { sent, received } = session;
    return [
      ...gate.ended(startOf(client, session), reason, ended, { sent, received }),
      ...deleteSession(session),
      ...record(client, session, true),
    ];
  }

  /** Ends what is over; the firewall has let go of it by itself. */
  sweep(): void {
    const { clients, clock, settings } = this.#parts;
    const now = clock.now();
    for (const client of clients.all()) {
      const { session } = client;
      if (session?.ends && session.ends <= now) void this.close(client, 'timeout_deauth');
      else if (!session && !client.busy && isOver(client.added, settings.preauth_idle_seconds, now))
        clients.forget(client);
    }
  }

  /** Reads the counters; who has had no traffic for long, or too much, is out. */
  async count(): Promise<void> {
    const { clients, clock, firewall, settings } = this.#parts;
    this.#read(await firewall.traffic());
    const now = clock.now();
    for (const client of clients.all()) {
      if (!client.session || !isInside(client)) continue;
      if (isOver(client.active, settings.idle_seconds, now)) void this.close(client, 'idle_deauth');
      else if (client.session.spent) void this.close(client, 'timeout_deauth');
    }
  }

  /** The session's client, if it is still in. */
  find(name: string): Client | undefined {
    for (const client of this.#parts.clients.all()) if (client.session?.name === name) return client;
    return undefined;
  }

  /**
   * Those that were in when the server stopped, or that a crash left behind, with what the firewall has counted since, and as the
   * members of a new table. Changes nothing.
   */
  recall(stored: readonly StoredSession[], traffic: readonly Traffic[]): Recalled {
    const now = this.#parts.clock.now();
    const counted = new Map(traffic.map((one) => [one.address, one]));
    const first = new Set(stored.map(({ address }) => address));
    const others = Map.groupBy(traffic, ({ place }) => place && cardOf(place));
    const staying: Recalled['staying'][number][] = [];
    const over: StoredSession[] = [];
    for (const one of stored) {
      const { before, ...rest } = one.session;
      const isIn = counted.get(one.address)?.place !== undefined;
      const also = ((isIn && others.get(cardOf(one))) || []).filter(({ address }) => !first.has(address));
      const all = [counted.get(one.address) ?? UNLIMITED, ...also].reduce(plus, before);
      const rate = rest.ownRate ? rest.rate : this.#rateOn(one.interface);
      // The counters of the new table begin at nothing.
      const session = { ...rest, ...all, before: all, rate };
      const isOut = (session.ends !== 0 && session.ends <= now) || isSpent(session);
      if (isOut) over.push({ ...one, session });
      else staying.push({ ...one, session, also: also.map(({ address }) => address) });
    }
    const members = staying.map((one) => memberOf(one, one.also, one.session, now));
    return { staying, over, members };
  }

  /** Once the firewall has them. Whose time is over meanwhile is written down as ended. */
  resume({ staying, over }: Pick<Recalled, 'staying' | 'over'>): void {
    const { clients, clock, journal, tell } = this.#parts;
    const now = clock.now();
    for (const { session, ...place } of over) {
      const client = clients.meet(place, now);
      const ended = session.ends === 0 ? now : Math.min(now, session.ends);
      journal.append(this.#ending(client, session, 'expired', ended));
      tell('timeout_deauth', client, session, ended);
    }
    for (const { token, session, suspended, also, ...place } of staying) {
      const client = clients.meet(place, now);
      clients.entered(client, session, token);
      for (const address of also) clients.joined(client, address, now);
      journal.append(putSession({ ...place, token, session, suspended: false }));
      if (suspended) tell('client_auth', client, session, session.ends);
    }
  }

  /** Before the firewall goes: everybody is told, and comes back with the next start. */
  async suspend(): Promise<void> {
    const { clients, clock, firewall, journal, tell } = this.#parts;
    this.#read(await firewall.traffic());
    for (const client of clients.all()) {
      const { session } = client;
      if (!session || !isInside(client)) continue;
      journal.append(putSession({ ...client, session, suspended: true }));
      tell('shutdown_deauth', client, session, clock.now());
    }
  }

  #rateOn(card: string): Bytes {
    const { upload_kbit, download_kbit } = this.#parts.settingsOn(card);
    return bytesOfKbit(upload_kbit, download_kbit);
  }

  #read(traffic: readonly Traffic[]): void {
    const { clients, clock } = this.#parts;
    const now = clock.now();
    const sums = new Map<Client, Bytes>();
    for (const { address, sent, received, spent } of traffic) {
      const client = clients.insideAt(address);
      if (!client?.session) continue;
      const { session, also } = client;
      sums.set(client, plus(sums.get(client) ?? session.before, { sent, received }));
      const other = also.get(address);
      if (!other) session.spent = spent;
      else if (other.sent !== sent || other.received !== received) also.set(address, { sent, received, active: now });
    }
    for (const [client, sum] of sums) {
      const session = client.session!;
      if (sum.sent !== session.sent || sum.received !== session.received) client.active = now;
      Object.assign(session, sum);
    }
  }
}

/** Its row while it is in: what the firewall has counted comes on top of that. */
function rowWhileIn(client: Client, session: Session): Change[] {
  return putSession({ ...client, session: { ...session, ...session.before }, suspended: false });
}

function startOf({ address }: Client, { name, user, started }: Session): SessionStart {
  return { door: 'portal', session: name, user, client: address, time: started };
}

function isLimited(session: Session | undefined): boolean {
  return session !== undefined && (session.most.sent > 0 || session.most.received > 0);
}

function isSpent({ most, sent, received }: Session): boolean {
  return (most.sent > 0 && sent >= most.sent) || (most.received > 0 && received >= most.received);
}

function isOver(since: number, seconds: number, now: number): boolean {
  return seconds > 0 && now - since >= 1000 * seconds;
}
