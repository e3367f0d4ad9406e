/**
 * Numbers that users are called back at, each under an alias, so that who asks to be called names no number and hears none.
 *
 * All of them are in memory, since a caller on a line must not see from the time it takes whether there are any; a change is durable, and in
 * the audit trail, before it counts. Owners are ids of accounts. Errors: NUMBER_ALIAS, NUMBER_EXISTS, NUMBER_UNKNOWN, NUMBER_INVALID, those of
 * the journal.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditLines } from '../audit/types.ts';
import { commit } from '../journal/commit.ts';
import { dropOwn, type OwnRows, type OwnTable, putOwn } from '../journal/own-table.ts';
import type { Change, Journal } from '../journal/types.ts';
import { telephoneNumber } from './telephone-number.ts';

const TABLE: OwnTable = { name: 'gh_number', columns: ['id', 'owner', 'alias', 'number'] };
/** Also what a terminal line has room for. */
const MOST_PER_USER = 20;
const LONGEST_OWNER = 390;
/** What a list is made of where nobody has numbers yet. */
const USUAL: readonly string[] = ['home'];

export interface NumberView {
  alias: string;
  number: string;
}

export interface UserNumbersParts {
  readonly store: OwnRows;
  readonly journal: Journal;
  /** Of the made-up lists: who knows it can tell them from real ones. */
  readonly key: Buffer;
}

export class UserNumbers {
  readonly #parts: UserNumbersParts;
  readonly #key: KeyObject;
  /** By owner, then by alias. */
  readonly #numbers = new Map<string, Map<string, string>>();

  constructor(parts: UserNumbersParts) {
    this.#parts = parts;
    this.#key = createSecretKey(parts.key);
  }

  /** Errors: STORAGE_UNAVAILABLE. */
  async load(): Promise<void> {
    const rows = await this.#parts.store.read(TABLE, {});
    this.#numbers.clear();
    for (const [, owner, alias, number] of rows) this.#keep(String(owner), String(alias), String(number));
  }

  /** By alias. */
  list(owner: string): NumberView[] {
    const numbers = [...(this.#numbers.get(owner) ?? [])].map(([alias, number]) => ({ alias, number }));
    return numbers.sort((a, b) => (a.alias < b.alias ? -1 : 1));
  }

  /** Undefined: not one of this owner's aliases. */
  find(owner: string, alias: string): string | undefined {
    return this.#numbers.get(owner)?.get(alias.toLowerCase());
  }

  /** Gives the number as it will be called. */
  async add(owner: string, alias: string, text: string, audit: AuditLines): Promise<string> {
    const name = alias.toLowerCase();
    if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name)) {
      throw new GatehouseError('NUMBER_ALIAS', `${JSON.stringify(alias.slice(0, 40))} cannot be an alias`, {
        hint: 'use a letter, then up to 31 letters, digits, hyphens and underscores: home',
      });
    }
    const number = await telephoneNumber(text, true);
    const has = this.#numbers.get(owner);
    if (has?.has(name)) {
      throw new GatehouseError('NUMBER_EXISTS', `${name} is there already`, {
        hint: 'remove it first, or use another',
      });
    }
    if (owner.length > LONGEST_OWNER || (has?.size ?? 0) >= MOST_PER_USER)
      throw new GatehouseError('NUMBER_EXISTS', `a user has at most ${MOST_PER_USER} numbers`);
    await this.#commit([putOwn(TABLE, [keyOf(owner, name), owner, name, number])], audit);
    this.#keep(owner, name, number);
    return number;
  }

  async remove(owner: string, alias: string, audit: AuditLines): Promise<void> {
    const name = alias.toLowerCase();
    if (this.find(owner, name) === undefined)
      throw new GatehouseError('NUMBER_UNKNOWN', `there is no number ${JSON.stringify(alias.slice(0, 40))}`);
    await this.#commit([dropOwn(TABLE, keyOf(owner, name))], audit);
    this.#numbers.get(owner)?.delete(name);
  }

  /** The user is gone. */
  async removeAll(owner: string): Promise<void> {
    const aliases = [...(this.#numbers.get(owner)?.keys() ?? [])];
    if (aliases.length === 0) return;
    await this.#commit(
      aliases.map((alias) => dropOwn(TABLE, keyOf(owner, alias))),
      [],
    );
    this.#numbers.delete(owner);
  }

  /**
   * What to show a caller who gave this name. `owner` undefined, or one without numbers: the aliases of somebody else, always the same ones for
   * the same name as long as he has them, so that no list tells whether it is real.
   */
  shown(name: string, owner: string | undefined): readonly string[] {
    let decoy = USUAL;
    let best = '';
    for (const [other, aliases] of this.#numbers) {
      if (aliases.size === 0) continue;
      const rank = createHmac('sha256', this.#key).update(`${name}\n${other}`).digest('hex');
      if (rank <= best) continue;
      best = rank;
      decoy = [...aliases.keys()].sort();
    }
    const own = owner === undefined ? [] : this.list(owner);
    return own.length > 0 ? own.map(({ alias }) => alias) : decoy;
  }

  #keep(owner: string, alias: string, number: string): void {
    const has = this.#numbers.get(owner);
    if (has) has.set(alias, number);
    else this.#numbers.set(owner, new Map([[alias, number]]));
  }

  #commit(changes: readonly Change[], audit: AuditLines): Promise<void> {
    return commit(this.#parts.journal, [...changes, ...audit.map((line) => ({ kind: 'audit', line }) as const)]);
  }
}

/** An alias has no blank. */
function keyOf(owner: string, alias: string): string {
  return `${alias} ${owner}`;
}
