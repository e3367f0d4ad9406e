/**
 * Locks of names that nobody of our own has: those of an attached table, a directory, a RADIUS server or a program, and names that nobody has yet.
 *
 * A lock without a domain holds for the name in every domain; one with a domain holds for that login, and for the name where it comes without
 * any, unless an account of our own has it so. Both hold for accounts of our own that are made later. Names are compared in any case, as such
 * sources do. All locks are in memory; a change is durable, and in the audit trail, before it counts. Errors: those of the journal.
 */
import type { AuditLines } from '../audit/types.ts';
import { commit } from '../journal/commit.ts';
import { dropOwn, type OwnRows, type OwnTable, putOwn } from '../journal/own-table.ts';
import type { Change, Journal } from '../journal/types.ts';
import type { Login } from './store.ts';

/** In lower case. */
export interface NameLock extends Login {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Who locked it, as the audit trail names him. */
  readonly by: string;
}

export interface NameLocksParts {
  readonly rows: OwnRows;
  readonly journal: Journal;
}

const TABLE: OwnTable = { name: 'gh_locked', columns: ['login', 'name', 'domain', 'since', 'actor'] };
const LONGEST_ACTOR = 200;

export class NameLocks {
  readonly #parts: NameLocksParts;
  /** By name, then by domain. */
  readonly #locks = new Map<string, Map<string, NameLock>>();

  constructor(parts: NameLocksParts) {
    this.#parts = parts;
  }

  /** Errors: STORAGE_UNAVAILABLE. */
  async load(): Promise<void> {
    for (const [, name, domain, since, by] of await this.#parts.rows.read(TABLE, {}))
      this.#keep({ name: String(name), domain: String(domain), since: Number(since), by: String(by) });
  }

  /** `isOwn`: it is the name of an account of our own. */
  holds(name: string, domain: string, isOwn: boolean): boolean {
    const locks = this.#locks.size === 0 ? undefined : this.#locks.get(name.toLowerCase());
    if (locks === undefined) return false;
    return locks.has('') || locks.has(domain.toLowerCase()) || (!isOwn && domain === '');
  }

  /** With a domain: the lock of that login; without: all of the name. */
  of({ name, domain }: Login): NameLock[] {
    const locks = [...(this.#locks.get(name.toLowerCase())?.values() ?? [])];
    return domain === '' ? locks : locks.filter((one) => one.domain === domain.toLowerCase());
  }

  list(): NameLock[] {
    return [...this.#locks.values()].flatMap((locks) => [...locks.values()]);
  }

  /** One that is there already stays as old as it is. */
  async add(login: Login, { since, by }: Pick<NameLock, 'since' | 'by'>, audit: AuditLines): Promise<NameLock> {
    const [name, domain] = [login.name.toLowerCase(), login.domain.toLowerCase()];
    const fresh = { name, domain, since, by: by.slice(0, LONGEST_ACTOR) };
    const lock = this.#locks.get(name)?.get(domain) ?? fresh;
    await this.#commit([putOwn(TABLE, [keyOf(lock), name, domain, lock.since, lock.by])], audit);
    this.#keep(lock);
    return lock;
  }

  async remove(locks: readonly NameLock[], audit: AuditLines): Promise<void> {
    await this.#commit(
      locks.map((lock) => dropOwn(TABLE, keyOf(lock))),
      audit,
    );
    for (const { name, domain } of locks) {
      const left = this.#locks.get(name);
      left?.delete(domain);
      if (left?.size === 0) this.#locks.delete(name);
    }
  }

  #keep(lock: NameLock): void {
    const locks = this.#locks.get(lock.name);
    if (locks) locks.set(lock.domain, lock);
    else this.#locks.set(lock.name, new Map([[lock.domain, lock]]));
  }

  #commit(changes: readonly Change[], audit: AuditLines): Promise<void> {
    return commit(this.#parts.journal, [...changes, ...audit.map((line) => ({ kind: 'audit', line }) as const)]);
  }
}

/** A name has no @. */
function keyOf({ name, domain }: Login): string {
  return `${name}@${domain}`;
}
