/**
 * What stands behind a resolver: one way of asking one place for persons. Core has the local users and passwd files, src/sources the
 * others.
 *
 * A source sets its own limits of time to everything it does, and says RESOLVER_UNAVAILABLE when the place is away or too slow.
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { PersonAttributes, PersonFilter, ResolverConfig, ResolverType } from './types.ts';

/** A person as the source knows it. */
export interface PersonRecord {
  readonly id: string;
  readonly login: string;
  readonly locked?: boolean;
  readonly attributes: PersonAttributes;
}

export interface RecordPage {
  readonly records: readonly PersonRecord[];
  readonly more: boolean;
}

export interface PersonSource {
  /** In the order asked; null = nobody. Some hundred at most. */
  byLogin(logins: readonly string[]): Promise<readonly (PersonRecord | null)[]>;
  byId(ids: readonly string[]): Promise<readonly (PersonRecord | null)[]>;
  search(filter: PersonFilter, limit: number): Promise<RecordPage>;
  /** The password is neither empty nor absurdly long. */
  checkPassword(id: string, password: string): Promise<boolean>;
  /** What is amiss with what was read, such as lines of a file that were left out; a few at most. */
  notes?(): readonly string[];
  close(): Promise<void>;
}

/** What a source is given beside its configuration. */
export interface SourceTools {
  /** Of the resolver, for messages. */
  readonly name: string;
  readonly log: Log;
}

/** One kind of resolver. */
export interface ResolverClass {
  readonly type: ResolverType;
  /** As LinOTP names it: `PasswdIdResolver`. */
  readonly className: string;
  /** Parameters that are shown to nobody. */
  readonly secrets: readonly string[];
  /** Parameters that say where the secrets are sent to: where one of them changes, the secret must be given again. */
  readonly target: readonly string[];
  /** Milliseconds within which a source of this configuration answers. Errors: RESOLVER_CONFIG. */
  check(config: ResolverConfig): { readonly waitMs: number };
  /** Connects to nothing yet. Errors: RESOLVER_CONFIG. */
  open(config: ResolverConfig, tools: SourceTools): Promise<PersonSource>;
}

export function resolverAway(name: string, why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('RESOLVER_UNAVAILABLE', `the resolver ${name} cannot be asked: ${why}`, {
    hint: `try it: gatehouse resolver test ${name}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Attributes without those that are empty. */
export function attributesOf(fields: Readonly<Record<string, string | null | undefined>>): PersonAttributes {
  return Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => Boolean(field[1])));
}
