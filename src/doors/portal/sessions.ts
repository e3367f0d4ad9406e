/**
 * Lets clients in and out: the gate's consent, the firewall's set, the journal and the list of clients, in this order, so that nobody
 * is in who is not written down, and a crash at any point leaves nobody in for longer than his time.
 *
 * Units: seconds in terms, milliseconds since the epoch elsewhere, bytes. Errors: STORAGE_… of the journal, PORTAL_FIREWALL.
 */
import { randomBytes } from 'node:crypto';
import type { EndReason, Gate, SessionStart, Terms } from '../../core/gate/types.ts';
import { commit } from '../../core/journal/commit.ts';
import type { Journal } from '../../core/journal/types.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Client, Clients, Session } from './clients.ts';
import type { PortalSettings } from './config/model.ts';
import type { Firewall } from './firewall/firewall.ts';
import type { Member } from './firewall/ruleset.ts';

export interface SessionParts {
  readonly settings: Pick<PortalSettings, 'session_seconds' | 'idle_seconds' | 'preauth_idle_seconds' | 'max_clients'>;
  readonly clients: Clients;
  readonly firewall: Firewall;
  readonly gate: Gate;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
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

const REASONS: Partial<Record<PortalEvent, EndReason>> = {
  client_deauth: 'logout',
  idle_deauth: 'expired',
  timeout_deauth: 'expired',
  ndsctl_deauth: 'kicked',
};

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

  /** The client is in when this resolves. `seconds` undefined: the time that holds for everybody; 0: no end. */
  async open(client: Client, user: string, name: string, seconds: number | undefined, terms: Terms): Promise<Session> {
    const { clients, clock, firewall, gate, journal, settings } = this.#parts;
    const other = clients.insideAt(client.address);
    if (other && other !== client) await this.close(other, 'ndsctl_deauth', 'replaced');
    const started = clock.now();
    const length = shorter(seconds ?? settings.session_seconds, terms.seconds);
    const before = { sent: 0, received: 0 };
    const ends = length === 0 ? 0 : started + 1000 * length;
    const session: Session = { name, user, started, ends, before, sent: 0, received: 0 };
    const start = startOf(client, session);
    await commit(journal, gate.opened(start));
    try {
      await firewall.admit(memberOf(client, session, clock.now()));
    } catch (error) {
      journal.append(gate.ended(start, 'removed', clock.now()));
      throw error;
    }
    clients.entered(client, session);
    client.active = clock.now();
    return session;
  }

  /** False: it was not in. It is out when this resolves. */
  async close(client: Client, event: PortalEvent, reason: EndReason = REASONS[event] ?? 'removed'): Promise<boolean> {
    const { session } = client;
    if (session === undefined) return false;
    const { clients, clock, firewall, gate, journal } = this.#parts;
    const now = clock.now();
    clients.left(client, now);
    journal.append(gate.ended(startOf(client, session), reason, now));
    await firewall.expel(memberOf(client, session, now));
    return true;
  }

  /** Ends what is over; the firewall has let go of it by itself. */
  sweep(): void {
    const { clients, clock, settings } = this.#parts;
    const now = clock.now();
    for (const client of clients.all()) {
      const { session } = client;
      if (session?.ends && session.ends <= now) this.#closeLater(client, 'timeout_deauth');
      else if (!session && !client.busy && isOver(client.added, settings.preauth_idle_seconds, now))
        clients.forget(client);
    }
  }

  /** Reads the counters; who has had no traffic for long is out. */
  async count(): Promise<void> {
    const { clients, clock, firewall, settings } = this.#parts;
    const traffic = await firewall.traffic();
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
    for (const client of clients.all())
      if (client.session && isOver(client.active, settings.idle_seconds, now)) this.#closeLater(client, 'idle_deauth');
  }

  /** The session's client, if it is still in. */
  find(name: string): Client | undefined {
    for (const client of this.#parts.clients.all()) if (client.session?.name === name) return client;
    return undefined;
  }

  #closeLater(client: Client, event: PortalEvent): void {
    this.close(client, event).catch((error) => {
      this.#parts.log.error('a session that is over could not be taken out of the firewall', {
        error: describeError(error),
      });
    });
  }
}

function startOf({ address }: Client, { name, user, started }: Session): SessionStart {
  return { door: 'portal', session: name, user, client: address, time: started };
}

function memberOf({ address, mac }: Client, { ends }: Session, now: number): Member {
  return { address, mac, leftMs: ends === 0 ? undefined : Math.max(1, ends - now) };
}

/** 0 is no end. */
function shorter(seconds: number, terms: number | undefined): number {
  if (terms === undefined) return seconds;
  return seconds === 0 ? terms : Math.min(seconds, terms);
}

function isOver(since: number, seconds: number, now: number): boolean {
  return seconds > 0 && now - since >= 1000 * seconds;
}
