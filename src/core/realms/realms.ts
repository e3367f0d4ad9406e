/**
 * The realms of this site over their resolvers: what doors, tokens and policies ask, and what administrators change.
 *
 * The resolvers of a realm are asked one after the other, and the first that knows the login has it. One that is away stops the search, also
 * where a later one might know the name: else whose login it is would depend on which server runs.
 *
 * Errors: REALM_NAME, REALM_UNKNOWN, RESOLVER_USED, those of Resolvers and RealmStore.
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { Answer } from '../answer.ts';
import type { AuditLines } from '../audit/types.ts';
import type { HealthItem } from '../doors/types.ts';
import type { LockedNames } from '../users/locked-names.ts';
import type { CachedSource } from './cached-source.ts';
import { splitPersonName } from './person-name.ts';
import { LOCAL, Resolvers, type ResolversParts } from './resolvers.ts';
import type { PersonRecord } from './source.ts';
import type {
  Person,
  PersonName,
  PersonPage,
  PersonQuery,
  RealmDefinition,
  Realms,
  ResolverDefinition,
  ResolverTest,
} from './types.ts';

export interface RealmsParts extends ResolversParts {
  /** LinOTP's switch of that name. */
  splitAtSign(): boolean;
  /** Names of locked users, whichever source knows them; absent: none. */
  readonly locks?: Pick<LockedNames, 'holds'>;
}

/** There as long as no other is. */
const builtIn: RealmDefinition = { name: LOCAL, resolvers: [LOCAL], isDefault: true };
const LONGEST_NAME = 320;
const LONGEST_PASSWORD = 512;
const USUAL_LIMIT = 1_000;
const MOST_FOUND = 10_000;
const TESTED = 10;

export class RealmDirectory implements Realms {
  readonly resolvers: Resolvers;
  readonly #parts: RealmsParts;
  #realms = new Map<string, RealmDefinition>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: RealmsParts) {
    this.#parts = parts;
    this.resolvers = new Resolvers(parts);
    this.#adopt([]);
  }

  async load(): Promise<void> {
    await this.resolvers.load();
    this.#adopt(await this.#parts.store.realms());
  }

  split(text: string, realm?: string): PersonName {
    const { defaultRealm } = this;
    const name = splitPersonName(text, realm, { splitAtSign: this.#parts.splitAtSign(), defaultRealm });
    // Before there are realms, what stands behind the @ can only be the domain of a local user.
    if (realm || this.#realms.get(LOCAL) !== builtIn || this.#realms.has(name.realm)) return name;
    return { login: text.trim(), realm: LOCAL };
  }

  get defaultRealm(): string | undefined {
    return this.list().find(({ isDefault }) => isDefault)?.name;
  }

  list(): readonly RealmDefinition[] {
    return [...this.#realms.values()];
  }

  find(login: string, realm: string, fresh?: boolean): Answer<Person | null> {
    if (login === '' || login.length > LONGEST_NAME) return null;
    return findIn(this.#sourcesOf(realm), 0, login, realm.toLowerCase(), fresh);
  }

  findById(source: string, id: string, realm?: string): Answer<Person | null> {
    const known = this.resolvers.get(source);
    if (!known || id === '') return null;
    const named = realm?.toLowerCase() ?? this.#realmWith(source);
    const found = known.findById(id);
    return found instanceof Promise
      ? found.then((record) => record && this.#locked(personOf(source, named, record)))
      : found && this.#locked(personOf(source, named, found));
  }

  async search({ realm, source, filter, limit = USUAL_LIMIT }: PersonQuery): Promise<PersonPage> {
    const most = Math.min(Math.max(Math.trunc(limit), 1), MOST_FOUND);
    const sources = this.#sourcesOf(realm).filter(({ name }) => source === undefined || name === source);
    const pages = await Promise.all(sources.map((one) => one.search(filter, most)));
    const persons = new Map<string, Person>();
    for (const [i, { records }] of pages.entries())
      for (const record of records)
        if (!persons.has(record.login))
          persons.set(record.login, personOf(sources[i]!.name, realm.toLowerCase(), record));
    const all = [...persons.values()];
    return { persons: all.slice(0, most), more: all.length > most || pages.some(({ more }) => more) };
  }

  async checkPassword({ source, id }: Person, password: string): Promise<boolean> {
    if (password === '' || password.length > LONGEST_PASSWORD) return false;
    return (await this.resolvers.get(source)?.checkPassword(id, password)) ?? false;
  }

  /** Sources that did not answer when they were last asked. */
  health(): HealthItem[] {
    return this.resolvers.health();
  }

  /** A local user was added, changed or removed. */
  localChanged(): void {
    this.resolvers.localChanged();
  }

  setResolver(definition: ResolverDefinition, audit: AuditLines): Promise<void> {
    return this.#inTurn(() => this.resolvers.set(definition, audit));
  }

  removeResolver(name: string, audit: AuditLines): Promise<void> {
    return this.#inTurn(async () => {
      const using = this.list().find(({ resolvers }) => resolvers.includes(name));
      if (using && using !== builtIn) {
        throw new GatehouseError('RESOLVER_USED', `the realm ${using.name} has the resolver ${name}`, {
          hint: 'set the realm without it first: gatehouse realm set REALM RESOLVER …',
        });
      }
      await this.resolvers.remove(name, audit);
    });
  }

  async testResolver(what: string | ResolverDefinition): Promise<ResolverTest> {
    const source = this.resolvers.apart(what);
    try {
      const { records, more } = await source.search({}, TESTED);
      const persons = records.map((record) => personOf(source.name, '', record));
      return { persons, more, notes: [...(await source.notes())] };
    } finally {
      if (source.name !== LOCAL) await source.close();
    }
  }

  setRealm(given: string, resolvers: readonly string[], audit: AuditLines): Promise<void> {
    return this.#inTurn(async () => {
      const name = given.trim().toLowerCase();
      if (!/^[a-z0-9_.-]{1,64}$/.test(name)) {
        throw new GatehouseError('REALM_NAME', `${JSON.stringify(given.slice(0, 80))} cannot be a realm's name`, {
          hint: 'use 1 to 64 letters, digits, dots, hyphens and underscores',
        });
      }
      const names = [...new Set(resolvers.map(plainName))];
      for (const one of names) if (!this.resolvers.has(one)) this.resolvers.require(one);
      if (names.length === 0) {
        throw new GatehouseError('RESOLVER_UNKNOWN', 'a realm needs a resolver at least', {
          hint: `the built-in one of the local users is called ${LOCAL}`,
        });
      }
      const kept = this.#kept();
      const isDefault = kept.get(name)?.isDefault ?? kept.size === 0;
      await this.#store([...kept.set(name, { name, resolvers: names, isDefault }).values()], audit);
    });
  }

  removeRealm(name: string, audit: AuditLines): Promise<void> {
    return this.#inTurn(async () => {
      const { name: found } = this.#require(name);
      await this.#store(
        [...this.#kept().values()].filter((one) => one.name !== found),
        audit,
      );
    });
  }

  /** Empty: none. */
  setDefaultRealm(name: string, audit: AuditLines): Promise<void> {
    return this.#inTurn(async () => {
      const found = name.trim() === '' ? undefined : this.#require(name).name;
      const realms = [...this.#kept().values()].map((one) => ({ ...one, isDefault: one.name === found }));
      await this.#store(realms, audit);
    });
  }

  close(): Promise<void> {
    return this.resolvers.close();
  }

  #sourcesOf(realm: string): CachedSource[] {
    const names = this.#realms.get(realm.toLowerCase())?.resolvers ?? [];
    return names.map((name) => this.resolvers.get(name)).filter((source) => source !== undefined);
  }

  #realmWith(source: string): string {
    const having = this.list().filter(({ resolvers }) => resolvers.includes(source));
    return (having.find(({ isDefault }) => isDefault) ?? having[0])?.name ?? '';
  }

  /** Of whom one holds a session; a name that brings a proof is judged by the gate. */
  #locked(person: Person): Person {
    const { source, id, login, realm } = person;
    const isHeld = this.#parts.locks?.holds({ id: `${source}:${id}`, name: login, domain: realm }) ?? false;
    return isHeld ? { ...person, locked: true } : person;
  }

  /** Errors: REALM_UNKNOWN. */
  #require(name: string): RealmDefinition {
    const found = this.#kept().get(name.trim().toLowerCase());
    if (found) return found;
    throw new GatehouseError('REALM_UNKNOWN', `there is no realm ${JSON.stringify(name.slice(0, 80))}`, {
      hint: 'see those that are there: gatehouse realm list',
    });
  }

  /** Those that were set up. */
  #kept(): Map<string, RealmDefinition> {
    return new Map([...this.#realms].filter(([, realm]) => realm !== builtIn));
  }

  async #store(realms: readonly RealmDefinition[], audit: AuditLines): Promise<void> {
    await this.#parts.store.setRealms(realms, audit);
    this.#adopt(realms);
  }

  #adopt(realms: readonly RealmDefinition[]): void {
    const sorted = [...realms].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#realms = new Map((realms.length === 0 ? [builtIn] : sorted).map((realm) => [realm.name, realm]));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

function findIn(
  sources: readonly CachedSource[],
  from: number,
  login: string,
  realm: string,
  fresh: boolean | undefined,
): Answer<Person | null> {
  for (let i = from; i < sources.length; i++) {
    const source = sources[i]!;
    const found = source.find(login, fresh);
    if (found instanceof Promise) {
      return found.then((record) =>
        record ? personOf(source.name, realm, record) : findIn(sources, i + 1, login, realm, fresh),
      );
    }
    if (found) return personOf(source.name, realm, found);
  }
  return null;
}

function personOf(source: string, realm: string, record: PersonRecord): Person {
  const { id, login, locked = false, attributes } = record;
  return { source, id, login, realm, locked, attributes };
}

/** LinOTP names a resolver with its class: `useridresolver.LDAPIdResolver.IdResolver.staff`. */
function plainName(text: string): string {
  return text.trim().replace(/^useridresolver\.\w+\.IdResolver\./, '');
}
