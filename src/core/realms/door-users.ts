/**
 * Realms as the users of doors: whom a table of users or a directory knows comes in by password, although no such user is kept here.
 *
 * For each door a map says in which realm a name is looked for: by what stands behind its @, or `*` for all others, which are then looked
 * for as they were written. What the map does not speak of is a user whom administration keeps, as everybody is without one.
 *
 * Errors (rejections): RESOLVER_UNAVAILABLE, STORAGE_UNAVAILABLE.
 */
import type { Answer } from '../answer.ts';
import type { HealthItem } from '../doors/types.ts';
import type { DoorName } from '../gate/types.ts';
import { personAccount } from '../tokens/people.ts';
import type { Account, UserSource } from '../users/types.ts';
import { LOCAL } from './resolvers.ts';
import type { Person, Realms } from './types.ts';

/** What stands behind the @, in lower case, or `*`, to the name of a realm. */
export type RealmMap = Readonly<Record<string, string>>;

export interface DoorUsersParts {
  readonly realms: Pick<Realms, 'find' | 'checkPassword' | 'list'>;
  readonly local: UserSource;
  /** Where administration keeps users: local ones, or the rows of an attached table. A reload may bring another source. */
  readonly kept: () => UserSource;
  readonly maps: { readonly [Door in DoorName]?: RealmMap | undefined };
}

export class DoorUsers {
  /** Whatever source it is at the moment. */
  readonly kept: UserSource;
  readonly #parts: DoorUsersParts;
  readonly #sources = new Map<DoorName, UserSource>();

  constructor(parts: DoorUsersParts) {
    this.#parts = parts;
    const { kept } = parts;
    this.kept = {
      get name() {
        return kept().name;
      },
      get shared() {
        return kept().shared;
      },
      get ignoresCase() {
        return kept().ignoresCase;
      },
      find: (name, domain, fresh) => kept().find(name, domain, fresh),
    };
  }

  of(door: DoorName): UserSource {
    if (this.#parts.maps[door] === undefined) return this.kept;
    const known = this.#sources.get(door);
    if (known) return known;
    const source: UserSource = {
      name: 'realms',
      shared: false,
      // Directories do.
      ignoresCase: true,
      find: (name, domain, fresh) => this.#find(door, name, domain, fresh),
    };
    this.#sources.set(door, source);
    return source;
  }

  health(): HealthItem[] {
    const known = new Set(this.#parts.realms.list().map(({ name }) => name));
    return Object.entries(this.#parts.maps).flatMap(([door, map]) =>
      Object.values(map ?? {})
        .filter((realm) => !known.has(realm.toLowerCase()))
        .map((realm): HealthItem => {
          const text = `users.realms.${door} names the realm ${realm}, which nobody set up`;
          return { code: 'REALM_UNKNOWN', severity: 'warning', text };
        }),
    );
  }

  #find(door: DoorName, name: string, domain: string, fresh: boolean | undefined): Answer<Account | null> {
    const { realms, maps } = this.#parts;
    const map = maps[door] ?? {};
    const whole = domain === '' ? name : `${name}@${domain}`;
    const at = whole.lastIndexOf('@');
    const suffix = at < 0 ? '' : whole.slice(at + 1).toLowerCase();
    const own = suffix !== '' && suffix !== '*' && Object.hasOwn(map, suffix) ? map[suffix] : undefined;
    const realm = own ?? map['*'];
    if (realm === undefined) return this.kept.find(name, domain, fresh);
    const login = own === undefined ? whole : whole.slice(0, at);
    const found = realms.find(login, realm, fresh);
    return found instanceof Promise ? found.then((one) => this.#accountOf(one, fresh)) : this.#accountOf(found, fresh);
  }

  /** A local user with all that his own password can prove; anybody else with what his source says of a password. */
  #accountOf(person: Person | null, fresh: boolean | undefined): Answer<Account | null> {
    const { realms, local } = this.#parts;
    if (person === null) return null;
    if (person.source !== LOCAL)
      return { ...personAccount(person), checkPasswordLater: (password) => realms.checkPassword(person, password) };
    const at = person.login.lastIndexOf('@');
    return at < 0
      ? local.find(person.login, '', fresh)
      : local.find(person.login.slice(0, at), person.login.slice(at + 1), fresh);
  }
}
