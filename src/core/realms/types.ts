/**
 * Persons, and the realms in which they are looked for. A realm is a named list of resolvers, asked in that order; a resolver is a
 * configured source of persons: the local users, a passwd file, a table, a directory (LDAP).
 *
 * Whoever is asked for is told by `source` and `id`, which stay when a login changes: what belongs to a person is kept under these two.
 *
 * Errors (rejections): RESOLVER_UNAVAILABLE, when a source that had to be asked is away, busy or too slow. That is never taken for
 * `nobody has this name`: null says that every source of the realm was asked, or trusted, and none knows the person.
 */
import type { Answer } from '../answer.ts';

export interface Person {
  /** Name of the resolver: `local`, `staff`. */
  readonly source: string;
  /** Stable within the source. */
  readonly id: string;
  /** As the source writes it. */
  readonly login: string;
  /** In which it was asked for, in lower case. */
  readonly realm: string;
  /** Locked at the source: to be refused whatever the proof. Only local users can be. */
  readonly locked: boolean;
  readonly attributes: PersonAttributes;
}

/**
 * By the names that LinOTP gives them: username, userid, givenname, surname, email, phone, mobile, description, and what else the
 * resolver maps. One that is empty or not known is absent. `username` is the login, `userid` the id.
 */
export type PersonAttributes = Readonly<Record<string, string>>;

/** A login and the realm to look in; an empty realm: there is no default one and none was named. */
export interface PersonName {
  readonly login: string;
  readonly realm: string;
}

/** Attribute to pattern: `*` any characters, letters in any case. All must fit. An empty filter means everybody. */
export type PersonFilter = Readonly<Record<string, string>>;

export interface PersonPage {
  readonly persons: readonly Person[];
  /** There are more than were asked for, or than the source tells. */
  readonly more: boolean;
}

/** What doors, tokens and policies ask. */
export interface Realms {
  /**
   * The name as it stands in a request: `alice@staff` (also `STAFF\alice`) is split where splitAtSign is on, a `realm` that is given apart
   * goes before the one behind the @, and the default realm is taken where neither says one.
   */
  split(text: string, realm?: string): PersonName;
  /** The realm's name in lower case; undefined: there is none. */
  readonly defaultRealm: string | undefined;
  /** All of them, by name. Without any set up there is one, the built-in, with the local users in it. */
  list(): readonly RealmDefinition[];
  /** Nobody is in a realm that does not exist. `fresh`: trust no cache. At once where what was read may be trusted. */
  find(login: string, realm: string, fresh?: boolean): Answer<Person | null>;
  /** As `find`; without `realm`: the default realm where that has the source, else the first by name that has it, else an empty one. */
  findById(source: string, id: string, realm?: string): Answer<Person | null>;
  /** Those of all sources of a realm, or of one of them. A person that an earlier source knows by the same login is not told twice. */
  search(query: PersonQuery): Promise<PersonPage>;
  /**
   * In constant time where a hash is held. False also where the source holds no password for the person, and for an empty one.
   * Errors: HASH_UNSUPPORTED too, and SEAL_BROKEN.
   */
  checkPassword(person: Person, password: string): Promise<boolean>;
}

export interface PersonQuery {
  readonly realm: string;
  /** A resolver of that realm, when only its persons are wanted. */
  readonly source?: string;
  readonly filter: PersonFilter;
  /** 1 to 10,000; default 1,000. */
  readonly limit?: number;
}

/** As LinOTP calls them; `local` is built in: it can be part of a realm, and neither set nor removed. */
export type ResolverType = 'passwdresolver' | 'sqlresolver' | 'ldapresolver';

/** The parameters by LinOTP's names; texts as they come over HTTP, or JSON values. */
export type ResolverConfig = Readonly<Record<string, unknown>>;

export interface ResolverDefinition {
  /** 4 to 64 of `A-Z a-z 0-9 _ -`; `local` is taken. */
  readonly name: string;
  readonly type: ResolverType;
  readonly config: ResolverConfig;
}

export interface RealmDefinition {
  /** In lower case. */
  readonly name: string;
  /** Names of resolvers, in the order in which they are asked. */
  readonly resolvers: readonly string[];
  readonly isDefault: boolean;
}

/** Some persons of a source, and what is amiss with it, such as lines of a file that were left out. */
export interface ResolverTest {
  persons: Person[];
  more: boolean;
  notes: string[];
}

/** What an administrator can do with them (part of `Administration`, audited there). */
export interface RealmCalls {
  /** Secrets in their configurations are replaced by a fixed word; sent back, it stands for the secret that was there. */
  listResolvers(): Promise<ResolverDefinition[]>;
  /** Makes or changes one. Errors: RESOLVER_NAME, RESOLVER_CONFIG (names parameter, what is allowed, an example). */
  setResolver(definition: ResolverDefinition): Promise<void>;
  /** Errors: RESOLVER_UNKNOWN, RESOLVER_USED (a realm has it). */
  removeResolver(name: string): Promise<void>;
  /** Asks the source itself, past caches: some persons. By name, or one that is not set yet. Errors: RESOLVER_UNAVAILABLE with what the source said. */
  testResolver(what: string | ResolverDefinition): Promise<ResolverTest>;
  listRealms(): Promise<RealmDefinition[]>;
  /** Makes or changes one; the first becomes the default. Also takes LinOTP's `useridresolver.PasswdIdResolver.IdResolver.NAME`. Errors: REALM_NAME, RESOLVER_UNKNOWN. */
  setRealm(name: string, resolvers: readonly string[]): Promise<void>;
  /** Errors: REALM_UNKNOWN. */
  removeRealm(name: string): Promise<void>;
  /** Empty: there is none from now on. Errors: REALM_UNKNOWN. */
  setDefaultRealm(name: string): Promise<void>;
}
