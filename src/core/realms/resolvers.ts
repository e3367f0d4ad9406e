/**
 * The resolvers that administrators set up, and the built-in one of the local users: kept sealed, opened when first asked.
 *
 * Errors: RESOLVER_NAME, RESOLVER_TYPE, RESOLVER_CONFIG, RESOLVER_UNKNOWN, RESOLVER_UNAVAILABLE, SEAL_BROKEN, those of RealmStore.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { AuditLines } from '../audit/types.ts';
import type { HealthItem } from '../doors/types.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { CENSORED } from '../sms/censor.ts';
import { CachedSource } from './cached-source.ts';
import type { PersonSource, ResolverClass } from './source.ts';
import type { RealmStore } from './store.ts';
import type { ResolverConfig, ResolverDefinition } from './types.ts';

export const LOCAL = 'local';
const CAPACITY = 50_000;
const LOCAL_WAIT_MS = 2_000;

export interface ResolversParts {
  readonly classes: readonly ResolverClass[];
  readonly store: RealmStore;
  readonly keyring: Keyring;
  readonly local: PersonSource;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a person of another source than our own is trusted. */
  readonly trustMs: number;
}

export class Resolvers {
  readonly #parts: ResolversParts;
  readonly #sources = new Map<string, CachedSource>();
  #definitions = new Map<string, ResolverDefinition>();

  constructor(parts: ResolversParts) {
    this.#parts = parts;
    const { clock, local } = parts;
    const trustMs = Number.POSITIVE_INFINITY;
    const open = async () => local;
    const own = new CachedSource({ name: LOCAL, clock, trustMs, capacity: CAPACITY, waitMs: LOCAL_WAIT_MS, open });
    this.#sources.set(LOCAL, own);
  }

  /** Reads what is kept. One that this server cannot open any more fails when it is asked. */
  async load(): Promise<void> {
    const { store, keyring } = this.#parts;
    for (const { config, ...rest } of await store.resolvers()) {
      const opened = JSON.parse(keyring.open(config, sealOf(rest.name))) as ResolverConfig;
      this.#put({ ...rest, config: opened });
    }
  }

  has(name: string): boolean {
    return this.#sources.has(name);
  }

  get(name: string): CachedSource | undefined {
    return this.#sources.get(name);
  }

  /** By name, without secrets. */
  list(): ResolverDefinition[] {
    const all = [...this.#definitions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return all.map((one) => ({ ...one, config: this.#censored(one) }));
  }

  health(): HealthItem[] {
    return [...this.#sources.values()].flatMap((source) => source.health());
  }

  localChanged(): void {
    this.#sources.get(LOCAL)!.forget();
  }

  async set(given: ResolverDefinition, audit: AuditLines): Promise<void> {
    const definition = this.#complete(given);
    const { store, keyring } = this.#parts;
    const { name, type, config } = definition;
    const { log } = this.#parts;
    await (await this.#classOf(type).open(config, { name, log })).close();
    await store.setResolver({ name, type, config: keyring.seal(JSON.stringify(config), sealOf(name)) }, audit);
    const before = this.#sources.get(name);
    this.#put(definition);
    await before?.close();
  }

  async remove(name: string, audit: AuditLines): Promise<void> {
    this.require(name);
    await this.#parts.store.removeResolver(name, audit);
    const source = this.#sources.get(name);
    this.#sources.delete(name);
    this.#definitions.delete(name);
    await source?.close();
  }

  /** A source of its own, for a test past all caches; whoever asks for it closes it. */
  apart(what: string | ResolverDefinition): CachedSource {
    if (what === LOCAL) return this.#sourceOf(LOCAL, LOCAL_WAIT_MS, async () => this.#parts.local);
    const definition = typeof what === 'string' ? this.require(what) : this.#complete(what);
    return this.#source(definition);
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.values().map((source) => source.close()));
  }

  /** One that was set up. Errors: RESOLVER_UNKNOWN. */
  require(name: string): ResolverDefinition {
    const found = this.#definitions.get(name);
    if (found) return found;
    throw new GatehouseError('RESOLVER_UNKNOWN', `there is no resolver ${JSON.stringify(name.slice(0, 80))}`, {
      hint: 'see those that are there: gatehouse resolver list',
    });
  }

  /** Checked, with the secrets that it had before where it says so. */
  #complete(given: ResolverDefinition): ResolverDefinition {
    const { name } = given;
    if (!/^[A-Za-z0-9_-]{4,64}$/.test(name) || name === LOCAL) {
      throw new GatehouseError('RESOLVER_NAME', `${JSON.stringify(name.slice(0, 80))} cannot be a resolver's name`, {
        hint: `use 4 to 64 letters, digits, hyphens and underscores; ${LOCAL} is built in`,
      });
    }
    const known = this.#classOf(given.type);
    const before = this.#definitions.get(name);
    const config = { ...given.config };
    for (const secret of known.secrets) {
      const isSame = before?.type === known.type && known.target.every((at) => sameText(config[at], before.config[at]));
      const kept = isSame ? before.config[secret] : undefined;
      const value = config[secret];
      if (value === CENSORED && kept === undefined) {
        throw new GatehouseError('RESOLVER_CONFIG', 'the secret must be given again where the server changes', {
          where: secret,
          hint: 'it was given for another server, or never',
        });
      }
      if ((value === CENSORED || value === undefined || value === '') && kept !== undefined) config[secret] = kept;
    }
    known.check(config);
    return { name, type: known.type, config };
  }

  #put(definition: ResolverDefinition): void {
    this.#definitions.set(definition.name, definition);
    this.#sources.set(definition.name, this.#source(definition));
  }

  #source({ name, type, config }: ResolverDefinition): CachedSource {
    const { classes, log } = this.#parts;
    const known = classes.find((one) => one.type === type);
    // A configuration that an older version took must not stop the start.
    const waitMs = known ? waitOf(known, config) : LOCAL_WAIT_MS;
    return this.#sourceOf(name, waitMs, async () => this.#classOf(type).open(config, { name, log }));
  }

  #sourceOf(name: string, waitMs: number, open: () => Promise<PersonSource>): CachedSource {
    const { clock, trustMs } = this.#parts;
    return new CachedSource({ name, clock, trustMs, capacity: CAPACITY, waitMs, open });
  }

  /** As it is named here, or in any of LinOTP's ways. */
  #classOf(text: string): ResolverClass {
    const plain = text.replace(/^useridresolver\./, '').replace(/\.IdResolver$/, '');
    const found = this.#parts.classes.find(({ type, className }) => plain === type || plain === className);
    if (found) return found;
    throw new GatehouseError('RESOLVER_TYPE', `there is no type of resolvers ${JSON.stringify(text.slice(0, 80))}`, {
      hint: `the types are: ${this.#parts.classes.map(({ type }) => type).join(', ')}`,
    });
  }

  #censored({ type, config }: ResolverDefinition): ResolverConfig {
    const secrets = this.#parts.classes.find((one) => one.type === type)?.secrets ?? Object.keys(config);
    const hidden = secrets.filter((name) => config[name] !== undefined && config[name] !== '');
    return { ...config, ...Object.fromEntries(hidden.map((name) => [name, CENSORED])) };
  }
}

function waitOf(known: ResolverClass, config: ResolverConfig): number {
  try {
    return known.check(config).waitMs;
  } catch {
    return LOCAL_WAIT_MS;
  }
}

function sameText(a: unknown, b: unknown): boolean {
  return String(a ?? '').trim() === String(b ?? '').trim();
}

function sealOf(name: string): string {
  return `resolver:${name}`;
}
