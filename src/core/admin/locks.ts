/**
 * What an administrator can do with locks. A user of our own is locked himself; whoever else has the name, or nobody yet, is locked by it.
 *
 * Errors: BAD_LOGIN, USER_AMBIGUOUS, USER_UNKNOWN, USER_LOCKED_BY_NAME, those of UserBook and of the journal.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import type { LockedNames } from '../users/locked-names.ts';
import type { Login } from '../users/store.ts';
import type { ContactTables } from './contact-tables.ts';
import { loginText, parseLogin } from './login.ts';
import type { Administration, LockView, LoginText, UserView } from './types.ts';
import type { UserBook } from './user-book.ts';

export interface LockParts {
  readonly book: UserBook;
  readonly locks: LockedNames;
  readonly clock: Clock;
  readonly contacts: ContactTables;
  readonly sessions?: SessionDirectory;
  readonly actor: string;
  changed(name: string): void;
  resolve(login: LoginText): Promise<Login>;
  event(action: string, fields: AuditFields): AuditLines;
  endAll(login: Login, reason: 'kicked', alone: boolean): Promise<number>;
}

type LockCalls = Pick<Administration, 'lockUser' | 'unlockUser' | 'listLocks'>;

export function lockCalls(parts: LockParts): LockCalls {
  const { book, locks, resolve, event } = parts;
  return { lockUser, unlockUser, listLocks };

  async function lockUser(text: LoginText): Promise<number> {
    const login = await resolve(text);
    if (await book.setLocked(login, true, event('lock-user', { user: loginText(login) }))) {
      parts.changed(login.name);
      return parts.endAll(login, 'kicked', (await book.named(login.name)).length === 1);
    }
    const namesakes = await book.named(login.name);
    // Of several in an attached table, one is meant; else the name is, as it was written.
    const meant = namesakes.length > 1 ? login : parseLogin(text, '');
    const by = { since: parts.clock.now(), by: parts.actor };
    await locks.byName.add(meant, by, event('lock-user', { user: loginText(meant) }));
    return endHeld(meant, namesakes);
  }

  /** Sessions may be under another domain than the lock, or none: they are his where nobody else that we know has the name. */
  async function endHeld(meant: Login, namesakes: readonly Login[]): Promise<number> {
    const alone = namesakes.every(({ name, domain }) => locks.byName.holds(name, domain, true));
    const exact = loginText(meant).toLowerCase();
    const isHis = (user: string) => {
      const { name, domain } = loginOf(user.toLowerCase());
      if (name !== meant.name.toLowerCase()) return false;
      return meant.domain === '' || user.toLowerCase() === exact || (alone && domain === '');
    };
    let ended = 0;
    if (parts.sessions) {
      const users = new Set([...parts.sessions.who()].map(({ user }) => user).filter(isHis));
      for (const user of users) ended += await parts.sessions.endAll(user, 'kicked');
      return ended;
    }
    const table = await parts.contacts.open('location');
    for (const aor of [...(table?.aors() ?? [])].filter(isHis)) ended += await table!.remove(aor, undefined, 'kicked');
    return ended;
  }

  async function unlockUser(text: LoginText): Promise<void> {
    const written = parseLogin(text, '');
    const held = locks.byName.of(written);
    const { name } = written;
    if (written.domain !== '' && locks.byName.of({ name, domain: '' }).some(({ domain }) => domain === '')) {
      throw new GatehouseError('USER_LOCKED_BY_NAME', `${name} is locked in every domain`, {
        hint: `take that away: gatehouse unlock ${name}`,
      });
    }
    if (held.length > 0) {
      const lines = held.flatMap((lock) => event('unlock-user', { user: loginText(lock) }));
      await locks.byName.remove(held, lines);
    }
    const login = await resolve(text).catch((error: unknown) => {
      // That of the name is gone; which of its users would be unlocked, too, has not been said.
      if (held.length > 0 && error instanceof GatehouseError && error.code === 'USER_AMBIGUOUS') return undefined;
      throw error;
    });
    if (login === undefined) return;
    if (await book.setLocked(login, false, event('unlock-user', { user: loginText(login) }))) parts.changed(login.name);
    // Who was not locked is unlocked all the same; a name that nobody has is a slip.
    else if (held.length === 0) await book.show(login);
  }

  async function listLocks({ prefix = '', limit }: { prefix?: string; limit: number }): Promise<LockView[]> {
    const users = locks.users().map((login): LockView => view(login, 'user'));
    const names = locks.byName.list().map((lock): LockView => view(lock, 'name', lock));
    const found = [...users, ...names].filter(({ login }) => login.startsWith(prefix));
    return found.sort((a, b) => (a.login < b.login ? -1 : 1)).slice(0, limit);
  }
}

/** A user as he stands at the doors, where his name may be locked. */
export function asLocked(user: UserView, locks: Pick<LockedNames, 'holds'>): UserView {
  if (user.locked) return user;
  return { ...user, locked: user.logins.some((text) => locks.holds({ id: user.id, ...loginOf(text) })) };
}

function view(login: Login, of: LockView['of'], lock?: { since: number; by: string }): LockView {
  const since = lock === undefined ? null : new Date(lock.since).toISOString();
  return { login: loginText(login), of, since, by: lock?.by ?? null };
}

/** Of a session or a user that is there. */
function loginOf(text: LoginText): Login {
  const at = text.lastIndexOf('@');
  return at < 0 ? { name: text, domain: '' } : { name: text.slice(0, at), domain: text.slice(at + 1) };
}
