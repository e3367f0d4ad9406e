/** Who is in, over all doors: each door holds its own sessions, this only knows whom to ask. */
import type { Door, SessionChange, SessionInfo } from '../doors/types.ts';
import type { EndReason } from '../gate/types.ts';
import type { Account } from '../users/types.ts';
import { checkTerms } from './terms.ts';

export class SessionDirectory {
  readonly #doors: () => Iterable<Door>;

  constructor(doors: () => Iterable<Door>) {
    this.#doors = doors;
  }

  /** All sessions, or those of one user: `1000@example.com` means that login, `1000` the name in any domain. */
  *who(user?: string): Generator<SessionInfo> {
    for (const door of this.#doors()) {
      for (const session of door.sessions()) if (user === undefined || isOf(session, user)) yield session;
    }
  }

  /** The user's sessions at one door. */
  *at(door: string, { login }: Pick<Account, 'login'>): Generator<SessionInfo> {
    for (const one of this.#doors()) {
      if (one.name !== door) continue;
      for (const session of one.sessions({ user: login })) if (session.user === login) yield session;
    }
  }

  /** All sessions of one door. */
  *in(door: string): Generator<SessionInfo> {
    for (const one of this.#doors()) if (one.name === door) yield* one.sessions();
  }

  find(session: string): SessionInfo | undefined {
    for (const one of this.who()) if (one.session === session) return one;
    return undefined;
  }

  /** False: no door knows it. */
  async end(session: string, reason: EndReason): Promise<boolean> {
    const name = session.slice(0, Math.max(0, session.indexOf(':')));
    for (const door of this.#doors()) {
      if (door.name === name && (await door.end(session, reason))) return true;
    }
    return false;
  }

  /** False: no door knows it. Errors: SESSION_TERMS, and those of the door. */
  async change(session: string, change: SessionChange): Promise<boolean> {
    const name = session.slice(0, Math.max(0, session.indexOf(':')));
    for (const door of this.#doors()) {
      if (door.name !== name) continue;
      if (door.change === undefined) {
        for (const one of door.sessions()) if (one.session === session) checkTerms(session, change, []);
      } else if (await door.change(session, change)) return true;
    }
    return false;
  }

  /** Ends all sessions of exactly this login, none after another; gives how many. Errors: the first one of a door, when all were tried. */
  async endAll(user: string, reason: EndReason): Promise<number> {
    const named = [...this.who(user)].filter((one) => one.user === user);
    const ends = await Promise.allSettled(named.map(({ session }) => this.end(session, reason)));
    const failed = ends.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    return ends.filter((one) => one.status === 'fulfilled' && one.value).length;
  }
}

function isOf(session: SessionInfo, user: string): boolean {
  if (session.user === user) return true;
  return !user.includes('@') && session.user.startsWith(user) && session.user[user.length] === '@';
}
