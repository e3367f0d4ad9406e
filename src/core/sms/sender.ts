/**
 * Sends a message by the provider that the policies name for its user, and by the next one where that cannot be reached.
 *
 * The list is the value of authentication/sms_provider, else the default provider alone. The next one is tried after SMS_UNREACHABLE, SMS_BUSY and SMS_CONFIG, after
 * SMS_REFUSED where sms_failover_on_refusal says so; nothing is sent again by the same one. Names that nobody set up are passed over.
 * A time-out may have delivered: two messages may arrive then, never none for caution's sake. All tries together have one deadline, of which each gets its share.
 *
 * Errors: those of the last try, with what all said; SMS_PROVIDER_UNKNOWN where there is none to try.
 */
import type { Clock } from '../../platform/clock.ts';
import { describeError, GatehouseError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { auditLine } from '../audit/events.ts';
import type { HealthItem } from '../doors/types.ts';
import type { OwnRows } from '../journal/own-table.ts';
import type { Journal } from '../journal/types.ts';
import { namedProviders } from '../policy/linotp/search.ts';
import type { PolicyRules } from '../policy/rules.ts';
import type { CodeMessage, SmsSender } from '../tokens/types.ts';
import { secretsOf } from './censor.ts';
import { checkedNumber } from './checked-number.ts';
import { type SmsOptions, smsOptions } from './config.ts';
import { Lane, type SetTimer } from './lane.ts';
import { SmsLimits } from './limits.ts';
import { maskedNumber } from './masked-number.ts';
import { MessageLog } from './message-log.ts';
import { SmsProviders, type SmsProvidersParts } from './providers.ts';
import { scrubbed } from './scrub.ts';
import type { SmsReceipt } from './types.ts';

export interface SenderParts {
  /** Where messages are kept account of. */
  readonly rows: OwnRows;
  readonly rules: PolicyRules;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly options?: SmsOptions;
  readonly setTimer?: SetTimer;
}

export interface SentMessage {
  readonly provider: string;
  /** What the gateway said. */
  readonly answer: string;
  /** Seconds that a code in it is valid; null: as the system says. */
  readonly timeout: number | null;
}

/** Errors after which another provider is tried. */
const NOT_SENT: ReadonlySet<string> = new Set(['SMS_UNREACHABLE', 'SMS_BUSY', 'SMS_CONFIG']);

interface Order {
  readonly message: CodeMessage;
  readonly names: readonly string[];
  /** Is it tried by the next one, too, when one says no? */
  readonly goesOn: boolean;
}

/** A message on its way. */
interface Errand {
  readonly id: string;
  /** Providers, in the order in which they were asked. */
  readonly tried: string[];
}

export class CodeSender implements SmsSender {
  readonly providers: SmsProviders;
  readonly messages: MessageLog;
  readonly limits: SmsLimits;
  readonly #parts: SenderParts;
  #options: SmsOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #outcomes = new Map<string, Map<string, number>>();
  #closed = false;

  constructor(parts: SenderParts & Omit<SmsProvidersParts, 'received'>) {
    this.messages = new MessageLog(parts);
    this.providers = new SmsProviders({ ...parts, received: (provider, receipt) => this.#received(provider, receipt) });
    this.#parts = parts;
    this.#options = parts.options ?? smsOptions.parse({});
    this.limits = new SmsLimits(this.#options, parts.clock);
  }

  send(message: CodeMessage): Promise<SentMessage> {
    return this.#recorded(message, async (errand) => {
      const order = await this.#orderOf(message);
      this.limits.admit(order.message);
      return this.#deliver(errand, order);
    });
  }

  /** By this provider, else by the default, and no other: to see what it says. */
  sendBy(provider: string | undefined, { number, text }: { number: string; text: string }): Promise<SentMessage> {
    const message = { number, text, user: '', realm: '', client: '' };
    return this.#recorded(message, async (errand) => {
      const { name } = this.providers.definition(provider);
      return this.#try(errand, name, message, this.#deadlineMs);
    });
  }

  /** Takes up the count of the day, listens again for receipts of what was sent before the server was started, and sees to certificates. */
  async resume(): Promise<void> {
    const midnight = new Date(this.#parts.clock.now()).setHours(0, 0, 0, 0);
    this.limits.carry(await this.messages.earlier(midnight).catch(() => 0));
    const missed = (error: unknown) => {
      const fields = { error: describeError(error) };
      if (!this.#closed) this.#parts.log.warn('receipts of SMS that were sent before may be missed', fields);
    };
    const owing = await this.messages.owing().catch(missed);
    for (const name of owing ?? []) if (this.providers.has(name)) await this.providers.listen(name).catch(missed);
    if (!this.#closed) await this.providers.readCertificates();
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.providers.close();
  }

  /** Options that changed; how many go to a provider at once stays. */
  configure(options: SmsOptions): void {
    this.#options = options;
    this.limits.configure(options);
  }

  /** By provider, what became of messages since the start. */
  *outcomes(): Iterable<{ labels: { provider: string; outcome: string }; value: number }> {
    for (const [provider, outcomes] of this.#outcomes)
      for (const [outcome, value] of outcomes) yield { labels: { provider, outcome }, value };
  }

  #count(provider: string, outcome: string): void {
    const outcomes = this.#outcomes.get(provider) ?? new Map<string, number>();
    this.#outcomes.set(provider, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1));
  }

  health(): HealthItem[] {
    const { rules, clock } = this.#parts;
    const { providers } = this;
    const missing = namedProviders(rules.list()).filter(({ provider }) => !providers.has(provider));
    const unknown = missing.map(({ policy, provider }): HealthItem => {
      const text = `the policy ${policy} names the SMS provider ${provider}, which nobody set up`;
      return { code: 'SMS_PROVIDER_UNKNOWN', severity: 'warning', text };
    });
    const certificates = providers.certificates.health(clock.now());
    return [...unknown, ...certificates, ...providers.failed.health(), ...this.limits.health()];
  }

  get #deadlineMs(): number {
    return 1000 * this.#options.deadline_seconds;
  }

  async #orderOf(given: CodeMessage): Promise<Order> {
    const { rules, clock } = this.#parts;
    const { providers } = this;
    const { user: name, realm, client, resolver, attributes } = given;
    const asker = { name, realm, client, resolver, attributes, time: new Date(clock.now()) };
    const country = rules.actionValue('authentication', 'sms_number_check', asker)?.value;
    const message = country === undefined ? given : { ...given, number: await checkedNumber(given.number, country) };
    const listed = rules.actionValue('authentication', 'sms_provider', asker);
    if (listed === undefined) return { message, names: [providers.definition().name], goesOn: false };
    const names = [...new Set(listed.value)].filter((one) => providers.has(one));
    if (names.length === 0) {
      throw new GatehouseError(
        'SMS_PROVIDER_UNKNOWN',
        `the policy ${listed.policy} names no SMS provider that is there: ${listed.value.join(' ')}`,
        { hint: 'see gatehouse sms list' },
      );
    }
    const goesOn = rules.actionValue('authentication', 'sms_failover_on_refusal', asker)?.value ?? false;
    return { message, names, goesOn };
  }

  async #deliver(errand: Errand, { message, names, goesOn }: Order): Promise<SentMessage> {
    const { clock, log } = this.#parts;
    const end = clock.monotonic() + this.#deadlineMs;
    const usable = this.providers.failed.usable(names);
    const said: string[] = [];
    for (const [index, name] of usable.entries()) {
      const share = (end - clock.monotonic()) / (usable.length - index);
      try {
        return await this.#try(errand, name, message, share);
      } catch (error) {
        said.push(`${name}: ${describeError(error)}`);
        const { code } = error as Partial<GatehouseError>;
        const next = NOT_SENT.has(code ?? '') || (code === 'SMS_REFUSED' && goesOn);
        const isLast = index === usable.length - 1 || clock.monotonic() >= end;
        if (!next || isLast) throw said.length === 1 ? error : allFailed(code === 'SMS_REFUSED', said);
        log.warn('an SMS provider failed, the next one is tried', { provider: name, error: describeError(error) });
      }
    }
    throw new GatehouseError('SMS_PROVIDER_UNKNOWN', 'there is no SMS provider to try');
  }

  async #try({ id, tried }: Errand, name: string, message: CodeMessage, withinMs: number): Promise<SentMessage> {
    const { providers, messages } = this;
    tried.push(name);
    const { failed } = providers;
    const { timeout, config } = providers.definition(name);
    const { number, text } = message;
    const shown = (words: string) => scrubbed(words, message, secretsOf(config));
    const work = () => providers.send(name, { number, text }, (part) => messages.took(id, name, part));
    try {
      const answer = shown(
        await this.#lane(name).run(withinMs, work, (result) => this.#later(id, name, shown, result)),
      );
      failed.worked(name);
      messages.settle(id, name, 'sent', answer);
      this.#count(name, 'sent');
      return { provider: name, answer, timeout };
    } catch (error) {
      // It goes into logs and the audit trail, here and wherever the codes are made.
      if (error instanceof Error) error.message = shown(error.message);
      const code = error instanceof GatehouseError ? error.code : undefined;
      if (code === 'SMS_UNREACHABLE') failed.failed(name, describeError(error));
      // Who says no can be reached.
      if (code === 'SMS_REFUSED') failed.worked(name);
      messages.settle(id, name, stateOf(error), describeError(error));
      this.#count(name, stateOf(error));
      throw error;
    }
  }

  /** The next one was tried meanwhile, or the user was told that it failed. */
  #later(id: string, name: string, shown: (words: string) => string, result: Promise<string>): void {
    const { log } = this.#parts;
    result.then(
      (answer) => {
        log.warn('an SMS provider took a message after its time', { provider: name, message: id });
        this.messages.late(id, name, shown(answer));
      },
      () => {},
    );
  }

  #received(provider: string, receipt: SmsReceipt): void {
    if (receipt.state === 'delivered' || receipt.state === 'failed') this.#count(provider, receipt.state);
    this.messages.report(provider, receipt).catch((error) => {
      this.#parts.log.warn('a receipt could not be kept', { provider, error: describeError(error) });
    });
  }

  #lane(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known) return known;
    const { at_once: atOnce, waiting } = this.#options;
    const lane = new Lane({ atOnce, waiting }, this.#parts.setTimer ?? setSystemTimer);
    this.#lanes.set(name, lane);
    return lane;
  }

  /** In the list of messages and, where nobody took it, in the audit trail. */
  async #recorded(message: CodeMessage, work: (errand: Errand) => Promise<SentMessage>): Promise<SentMessage> {
    const number = maskedNumber(message.number);
    const id = this.messages.queue(message.user, number);
    const tried: string[] = [];
    try {
      return await work({ id, tried });
    } catch (error) {
      const { user, realm, client } = message;
      const reason = describeError(error);
      const provider = tried.length > 0 ? tried.join(' ') : undefined;
      const fields = { message: id, user, realm, client, number, provider, reason };
      this.messages.failed(id, stateOf(error), reason, [auditLine(this.#parts.clock.now(), 'sms-failed', fields)]);
      throw error;
    }
  }
}

function stateOf(error: unknown): 'refused' | 'unreachable' {
  return NOT_SENT.has((error as Partial<GatehouseError>).code ?? '') ? 'unreachable' : 'refused';
}

function allFailed(refused: boolean, said: readonly string[]): GatehouseError {
  const text = `no provider took the message: ${said.join('; ')}`;
  const hint = 'see gatehouse status, and try each: gatehouse sms test NUMBER --provider NAME';
  return refused
    ? new GatehouseError('SMS_REFUSED', text, { hint })
    : new GatehouseError('SMS_UNREACHABLE', text, { hint });
}

function setSystemTimer(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}
