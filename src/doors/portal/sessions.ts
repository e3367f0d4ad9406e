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
import { type Bytes, type Client, type Clients, isInside, newToken, type Place, type Session } from './clients.ts';
import type { PortalSettings } from './config/model.ts';
import type { Member } from './firewall/elements.ts';
import type { Firewall, Traffic } from './firewall/firewall.ts';
import { deleteSession, putSession, type StoredSession } from './stored-sessions.ts';

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
  readonly staying: readonly StoredSession[];
  readonly over: readonly StoredSession[];
  readonly members: readonly Member[];
}

const BYTES_OF_KBIT = 125;

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
  async open(client: Client, { name, user, seconds, most, event }: Opening): Promise<void> {
    const { clients, clock, firewall, gate, journal, record, tell } = this.#parts;
    const other = clients.insideAt(client.address);
    // Another card has the address now: whoever had it before cannot be reached any more.
    if (other) await this.close(other, 'ndsctl_deauth', 'replaced');
    const started = clock.now();
    const ends = seconds === 0 ? 0 : started + 1000 * seconds;
    const rate = rateOf(this.#parts.settingsOn(client.interface));
    const counted = { before: UNLIMITED, most, rate, sent: 0, received: 0, spent: false };
    const session: Session = { name, user, started, ends, ...counted };
    const token = newToken();
    const start = startOf(client, session);
    await commit(journal, [
      ...gate.opened(start),
      ...putSession({ ...client, token, session, suspended: false }),
      ...record(client, session, false),
    ]);
    const member = memberOf(client, session, clock.now());
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
    const member = memberOf(client, session, now);
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
      ...putSession({ ...client, session: { ...session, ...terms }, suspended: false }),
    ]);
    if (!isIn()) return false;
    const { ends, most, rate } = session;
    const member = () => memberOf(client, { ...session, before: bytesOf(session) }, clock.now());
    const before = member();
    // At once with its turn in the firewall: whoever takes the client out after that takes out what this puts in.
    Object.assign(session, terms, { spent: false });
    const after = member();
    try {
      await firewall.replace(before, after);
    } catch (error) {
      Object.assign(session, { ends, most, rate });
      firewall.replace(after, before).catch(() => {});
      if (isIn()) journal.append(putSession({ ...client, session, suspended: false }));
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
    const [staying, over]: [StoredSession[], StoredSession[]] = [[], []];
    for (const one of stored) {
      const { before, ...rest } = one.session;
      const since = counted.get(one.address) ?? UNLIMITED;
      const all = { sent: before.sent + since.sent, received: before.received + since.received };
      const rate = rateOf(this.#parts.settingsOn(one.interface));
      // The counters of the new table begin at nothing.
      const session = { ...rest, ...all, before: all, rate };
      const isOut = (session.ends !== 0 && session.ends <= now) || isSpent(session);
      (isOut ? over : staying).push({ ...one, session });
    }
    return { staying, over, members: staying.map((one) => memberOf(one, one.session, now)) };
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
    for (const { token, session, suspended, ...place } of staying) {
      const client = clients.meet(place, now);
      clients.entered(client, session, token);
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

  #read(traffic: readonly Traffic[]): void {
    const { clients, clock } = this.#parts;
    const now = clock.now();
    for (const { address, sent, received, spent } of traffic) {
      const client = clients.insideAt(address);
      const session = client?.session;
      if (!client || !session) continue;
      const [allSent, allReceived] = [session.before.sent + sent, session.before.received + received];
      if (allSent !== session.sent || allReceived !== session.received) client.active = now;
      session.sent = allSent;
      session.received = allReceived;
      session.spent = spent;
    }
  }
}

/** What is not spoken of stays. */
function termsAfter(
  { ends, most, rate }: Session,
  { seconds, upload, download, uploadRate, downloadRate }: SessionChange,
  now: number,
): Pick<Session, 'ends' | 'most' | 'rate'> {
  return {
    ends: seconds === undefined ? ends : now + 1000 * seconds,
    most: { sent: upload ?? most.sent, received: download ?? most.received },
    rate: { sent: bytesOfBits(uploadRate) ?? rate.sent, received: bytesOfBits(downloadRate) ?? rate.received },
  };
}

function bytesOfBits(bits: number | undefined): number | undefined {
  return bits === undefined ? undefined : Math.ceil(bits / 8);
}

function bytesOf({ sent, received }: Bytes): Bytes {
  return { sent, received };
}

function startOf({ address }: Client, { name, user, started }: Session): SessionStart {
  return { door: 'portal', session: name, user, client: address, time: started };
}

function memberOf({ interface: card, address, mac }: Place, session: Session, now: number): Member {
  const { ends, most, before, rate } = session;
  const left = { sent: leftOf(most.sent, before.sent), received: leftOf(most.received, before.received) };
  return { interface: card, address, mac, leftMs: ends === 0 ? undefined : Math.max(1, ends - now), left, rate };
}

function rateOf({ upload_kbit, download_kbit }: Pick<PortalSettings, 'upload_kbit' | 'download_kbit'>): Bytes {
  return { sent: upload_kbit * BYTES_OF_KBIT, received: download_kbit * BYTES_OF_KBIT };
}

/** 0 is no limit. */
function leftOf(most: number, before: number): number {
  return most === 0 ? 0 : Math.max(1, most - before);
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
