/**
 * The SMS providers that administrators set up: kept sealed, opened when first needed, one of them the default.
 *
 * Errors: SMS_CLASS, SMS_PROVIDER, SMS_PROVIDER_UNKNOWN, SMS_PROVIDER_DEFAULT, those of SmsClass, SmsProvider and SmsProviderStore, SEAL_BROKEN.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditLines } from '../audit/types.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { restore } from './censor.ts';
import { CertificateEnds } from './certificate-ends.ts';
import { FailedProviders } from './failed-providers.ts';
import type {
  SmsClass,
  SmsConfig,
  SmsDefinition,
  SmsMessage,
  SmsProvider,
  SmsProviderStore,
  SmsReceipt,
} from './types.ts';

export interface SmsProvidersParts {
  readonly classes: readonly SmsClass[];
  readonly store: SmsProviderStore;
  readonly keyring: Keyring;
  readonly clock: Clock;
  /** What a gateway reports of a message that it took before. */
  received?(provider: string, receipt: SmsReceipt): void;
}

export class SmsProviders {
  /** Those that could not be reached of late. */
  readonly failed: FailedProviders;
  readonly certificates = new CertificateEnds();
  readonly #parts: SmsProvidersParts;
  /** Also those that are being opened. */
  readonly #open = new Map<string, Promise<SmsProvider>>();
  #definitions = new Map<string, SmsDefinition>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: SmsProvidersParts) {
    this.#parts = parts;
    this.failed = new FailedProviders(parts.clock);
  }

  /** Reads what is kept; a definition that this server cannot open any more fails when it is used. */
  async load(): Promise<void> {
    const { store, keyring } = this.#parts;
    const all = await store.list();
    this.#definitions = new Map(
      all.map(({ config, ...rest }) => {
        return [rest.name, { ...rest, config: JSON.parse(keyring.open(config, sealOf(rest.name))) as SmsConfig }];
      }),
    );
  }

  /** By name. */
  list(): SmsDefinition[] {
    return [...this.#definitions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Makes or changes one; the first becomes the default. Censored values keep the secrets they had. */
  set(given: SmsDefinition, audit: AuditLines): Promise<void> {
    return this.#inTurn(async () => {
      if (!/^[A-Za-z0-9_.-]{1,64}$/.test(given.name)) {
        throw new GatehouseError(
          'SMS_PROVIDER',
          `${JSON.stringify(given.name.slice(0, 80))} is no name of a provider`,
          {
            hint: 'use 1 to 64 letters, digits, dots, hyphens and underscores: a policy lists names with blanks between them',
          },
        );
      }
      const known = this.#classOf(given.class);
      const before = this.#definitions.get(given.name);
      const config = before?.class === known.name ? restore(given.config, before.config) : given.config;
      const tried = await known.open(config);
      await tried.close();
      const isDefault = given.isDefault || (before?.isDefault ?? this.#definitions.size === 0);
      const definition = { ...given, class: known.name, config, isDefault };
      const sealed = this.#parts.keyring.seal(JSON.stringify(config), sealOf(given.name));
      await this.#parts.store.set({ ...definition, config: sealed }, audit);
      if (isDefault)
        for (const [name, other] of this.#definitions) this.#definitions.set(name, { ...other, isDefault: false });
      this.#definitions.set(given.name, definition);
      this.certificates.set(given.name, tried.certificates);
      await this.#shut(given.name);
    });
  }

  remove(name: string, audit: AuditLines): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#find(name).isDefault && this.#definitions.size > 1) {
        throw new GatehouseError('SMS_PROVIDER_DEFAULT', `${name} is the default provider`, {
          hint: 'make another one the default first: gatehouse sms set OTHER … --default',
        });
      }
      await this.#parts.store.remove(name, audit);
      this.#definitions.delete(name);
      this.certificates.delete(name);
      await this.#shut(name);
    });
  }

  has(name: string): boolean {
    return this.#definitions.has(name);
  }

  /** The provider of this name, else the default. */
  definition(name?: string): SmsDefinition {
    return this.#find(name ?? this.list().find(({ isDefault }) => isDefault)?.name);
  }

  /** Gives what the gateway answered. `taken`: see SmsProvider. */
  async send(name: string, message: SmsMessage, taken?: (id: string) => void): Promise<string> {
    return (await this.#provider(name)).send(message, taken);
  }

  /** Opened, so that what it reports is heard. */
  async listen(name: string): Promise<void> {
    await this.#provider(name);
  }

  /** Of providers that nobody has used since the start, so that an end shows before a message fails. One that cannot be opened says so when it is used. */
  async readCertificates(): Promise<void> {
    for (const { name } of this.list())
      await this.#inTurn(async () => {
        const definition = this.#definitions.get(name);
        if (definition === undefined || this.certificates.has(name)) return;
        const provider = await this.#classOf(definition.class).open(definition.config);
        this.certificates.set(name, provider.certificates);
        await provider.close();
      }).catch(() => {});
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.#shut(name)));
  }

  #find(name: string | undefined): SmsDefinition {
    const found = name === undefined ? undefined : this.#definitions.get(name);
    if (found) return found;
    const what =
      name === undefined
        ? 'there is no SMS provider yet'
        : `there is no SMS provider ${JSON.stringify(name.slice(0, 80))}`;
    throw new GatehouseError('SMS_PROVIDER_UNKNOWN', what, {
      hint: 'see gatehouse sms list, and gatehouse sms set --help',
    });
  }

  /** As it is named here, or in any of LinOTP's ways. */
  #classOf(text: string): SmsClass {
    const parts = text
      .replace(/^linotp\.provider\./, '')
      .replace(/^smsprovider\./, '')
      .split('.');
    const found = this.#parts.classes.find(({ name }) => parts.length <= 2 && parts.every((part) => part === name));
    if (found) return found;
    throw new GatehouseError('SMS_CLASS', `there is no class of providers ${JSON.stringify(text.slice(0, 80))}`, {
      hint: `the classes are: ${this.#parts.classes.map(({ name }) => name).join(', ')}`,
    });
  }

  #provider(name: string): Promise<SmsProvider> {
    return this.#open.get(name) ?? this.#opened(this.#find(name));
  }

  #opened({ name, class: of, config }: SmsDefinition): Promise<SmsProvider> {
    const provider = this.#classOf(of).open(config);
    this.#open.set(name, provider);
    provider.then(
      (one) => {
        if (this.#open.get(name) === provider) this.certificates.set(name, one.certificates);
        one.onReceipt?.((receipt) => this.#parts.received?.(name, receipt));
      },
      () => {
        if (this.#open.get(name) === provider) this.#open.delete(name);
      },
    );
    return provider;
  }

  async #shut(name: string): Promise<void> {
    const provider = this.#open.get(name);
    this.#open.delete(name);
    this.failed.worked(name);
    // What could not be opened has told whoever wanted to send.
    await (await provider?.catch(() => undefined))?.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

function sealOf(name: string): string {
  return `sms-provider:${name}`;
}
