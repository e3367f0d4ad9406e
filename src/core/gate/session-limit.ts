/**
 * Rules with `max_sessions`: how many sessions of one door a user may have at once.
 *
 * Doors say who is in. Who was let in a moment ago and is not yet among them counts, too: a firewall takes its time, the session of a NAS begins
 * with its accounting, and logins that come all at once must gain nothing. Nothing is looked at where no rule says anything of it.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Policy } from '../policy/policy.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import type { SessionName, SessionStart, Ticket } from './types.ts';

/** After this time a session that has not begun will not begin. */
const BEGINS_MS = 10_000;

interface Promised {
  session: string;
  readonly client: string;
  until: number;
}

export interface SessionLimitParts {
  readonly clock: Clock;
  readonly policy: Policy;
  readonly sessions: Pick<SessionDirectory, 'at'>;
}

export class SessionLimit {
  readonly #parts: SessionLimitParts;
  /** By door and user. */
  readonly #promised = new Map<string, Promised[]>();
  #swept = 0;

  constructor(parts: SessionLimitParts) {
    this.#parts = parts;
  }

  /** The rule that has enough of this user's sessions; undefined: there is room, and it is kept for this one. */
  take(ticket: Ticket, name: SessionName): string | undefined {
    const { policy, clock } = this.#parts;
    const most = policy.mostSessions(ticket);
    if (most === undefined) return undefined;
    const isFull = () => policy.rulesFor('max_sessions', ticket);
    if (name.inAll !== undefined) return name.inAll > most ? isFull() : undefined;
    const now = clock.monotonic();
    this.#sweep(now);
    const { session } = name;
    const key = keyOf(ticket.door, ticket.account.login);
    const isOther = (one: Promised) => one.until > now && one.session !== session && one.client !== name.place;
    const promised = (this.#promised.get(key) ?? []).filter(isOther);
    const others = new Set(promised.map((one) => one.session));
    for (const other of this.#parts.sessions.at(ticket.door, ticket.account)) {
      if (other.session === session) return undefined;
      if (other.client !== name.place) others.add(other.session);
    }
    if (others.size >= most) return isFull();
    this.#promised.set(key, [...promised, { session, client: ticket.client.address, until: Number.POSITIVE_INFINITY }]);
    return undefined;
  }

  /** It is let in, and has to begin soon. */
  admitted({ door, account }: Ticket, name: SessionName): void {
    if (this.#promised.size === 0) return;
    // Not before: a door may make the name when it is asked for.
    const { session } = name;
    const promised = this.#promised.get(keyOf(door, account.login))?.find((one) => one.session === session);
    if (promised) promised.until = this.#parts.clock.monotonic() + BEGINS_MS;
  }

  /** It is not let in after all. */
  released({ door, account }: Ticket, name: SessionName): void {
    if (this.#promised.size > 0) this.#drop(keyOf(door, account.login), name.session);
  }

  /** It is about to be among those who are in. A NAS may call it otherwise than in its request. */
  opened({ door, user, session, client }: SessionStart): void {
    if (this.#promised.size === 0) return;
    const promised = this.#promised.get(keyOf(door, user)) ?? [];
    const its = promised.find((one) => one.session === session) ?? promised.find((one) => one.client === client);
    if (its === undefined) return;
    its.session = session;
    its.until = this.#parts.clock.monotonic() + BEGINS_MS;
  }

  ended({ door, user, session }: SessionStart): void {
    if (this.#promised.size > 0) this.#drop(keyOf(door, user), session);
  }

  #drop(key: string, session: string): void {
    const left = this.#promised.get(key)?.filter((one) => one.session !== session);
    if (left === undefined) return;
    if (left.length > 0) this.#promised.set(key, left);
    else this.#promised.delete(key);
  }

  /** What was promised to those who did not come back. */
  #sweep(now: number): void {
    if (now - this.#swept < BEGINS_MS) return;
    this.#swept = now;
    for (const [key, promised] of this.#promised)
      if (promised.every(({ until }) => until <= now)) this.#promised.delete(key);
  }
}

function keyOf(door: string, user: string): string {
  return `${door} ${user}`;
}
