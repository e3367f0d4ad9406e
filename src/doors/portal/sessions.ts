/**
 * Lets clients in and out: the gate's consent, the journal, the firewall's sets, and the list of clients, in this order, so that nobody
 * is in who is not written down, and a crash at any point leaves nobody in for longer than his time.
 *
 * Units: seconds in terms, milliseconds since the epoch elsewhere, bytes. Errors: STORAGE_… of the journal, PORTAL_FIREWALL.
 */
import { randomBytes } from 'node:crypto';
import type { EndReason, Gate, SessionStart } from '../../core/gate/types.ts';
import { commit } from '../../core/journal/commit.ts';
import type { Journal } from '../../core/journal/types.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { type Bytes, type Client, type Clients, isInside, newToken, type Session } from './clients.ts';
import type { PortalSettings } from './config/model.ts';
import type { Firewall, Traffic } from './firewall/firewall.ts';
import type { Member } from './firewall/ruleset.ts';
import { deleteSession, putSession, type StoredSession } from './stored-sessions.ts';

export interface SessionParts {
  readonly settings: Pick<PortalSettings, 'session_seconds' | 'idle_seconds' | 'preauth_idle_seconds' | 'max_clients'>;
  readonly clients: Clients;
  readonly firewall: Firewall;
  readonly gate: Gate;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
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
export const UNLIMITED: Bytes = { sent: 0, received: 0 };

export class Sessions {
  readonly #parts: SessionParts;

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
    const { clients, clock, firewall, gate, journal, tell } = this.#parts;
    const other = clients.insideAt(client.address);
    // Another card has the address now: whoever had it before cannot be reached any more.
    if (other) await this.close(other, 'ndsctl_deauth', 'replaced');
    const started = clock.now();
    const ends = seconds === 0 ? 0 : started + 1000 * seconds;
    const session: Session = { name, user, started, ends, before: UNLIMITED, most, sent: 0, received: 0 };
    const token = newToken();
    const start = startOf(client, session);
    await commit(journal, [...gate.opened(start), ...putSession({ ...client, token, session, suspended: false })]);
    const member = memberOf(client, session, clock.now());
    try {
      await firewall.admit(member);
    } catch (error) {
      // Whether it is in is not known: it must not be.
      firewall.expel(member).catch(() => {});
      journal.append([...gate.ended(start, 'removed', clock.now()), ...deleteSession(session)]);
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
    const { clients, clock, firewall, gate, journal, log, tell } = this.#parts;
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
    journal.append([...gate.ended(startOf(client, session), reason, ended), ...deleteSession(session)]);
    clients.left(client, now);
    tell(event, client, session, ended);
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
      else if (isSpent(client.session)) void this.close(client, 'timeout_deauth');
    }
  }

  /** The session's client, if it is still in. */
  find(name: string): Client | undefined {
    for (const client of this.#parts.clients.all()) if (client.session?.name === name) return client;
    return undefined;
  }

  /**
   * Those that were in when the server stopped, or that a crash left behind, with what the firewall has counted since: known again,
   * and given as members for the new table. Whose time is over meanwhile is written down as ended.
   */
  resume(stored: readonly StoredSession[], traffic: readonly Traffic[]): Member[] {
    const { clients, clock, gate, journal, tell } = this.#parts;
    const counted = new Map(traffic.map((one) => [one.address, one]));
    const now = clock.now();
    const members: Member[] = [];
    for (const { address, mac, token, session, suspended } of stored) {
      const since = counted.get(address) ?? UNLIMITED;
      const before = { sent: session.before.sent + since.sent, received: session.before.received + since.received };
      const again: Session = { ...session, ...before, before };
      const client = clients.meet(address, mac, now);
      if (again.ends !== 0 && again.ends <= now) {
        journal.append([...gate.ended(startOf(client, again), 'expired', again.ends), ...deleteSession(again)]);
        tell('timeout_deauth', client, again, again.ends);
        continue;
      }
      clients.entered(client, again, token);
      // The counters of the new table begin at nothing.
      journal.append(putSession({ address, mac, token, session: again, suspended: false }));
      if (suspended) tell('client_auth', client, again, again.ends);
      members.push(memberOf(client, again, now));
    }
    return members;
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
    for (const { address, sent, received } of traffic) {
      const client = clients.insideAt(address);
      const session = client?.session;
      if (!client || !session) continue;
      const [allSent, allReceived] = [session.before.sent + sent, session.before.received + received];
      if (allSent !== session.sent || allReceived !== session.received) client.active = now;
      session.sent = allSent;
      session.received = allReceived;
    }
  }
}

function startOf({ address }: Client, { name, user, started }: Session): SessionStart {
  return { door: 'portal', session: name, user, client: address, time: started };
}

function memberOf({ address, mac }: Client, { ends }: Session, now: number): Member {
  return { address, mac, leftMs: ends === 0 ? undefined : Math.max(1, ends - now) };
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
