/**
 * Sends a message by the provider that the policies name for its user, and by the next one where that cannot be reached.
 *
 * The list is the value of authentication/sms_provider, else the default provider alone. The next one is tried after SMS_UNREACHABLE and SMS_CONFIG, after
 * SMS_REFUSED where sms_failover_on_refusal says so; nothing is sent again by the same one. Names that nobody set up are passed over.
 * A time-out may have delivered: two messages may arrive then, never none for caution's sake. All tries together have one deadline, of which each gets its share.
 *
 * Errors: those of the last try, with what all said; SMS_PROVIDER_UNKNOWN where there is none to try.
 */
import type { Clock } from '../../platform/clock.ts';
import { describeError, GatehouseError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { auditChange } from '../audit/events.ts';
import type { HealthItem } from '../doors/types.ts';
import type { Journal } from '../journal/types.ts';
import { namedProviders } from '../policy/linotp/search.ts';
import type { PolicyRules } from '../policy/rules.ts';
import type { CodeMessage, SmsSender } from '../tokens/types.ts';
import { Lane, type LaneBounds, type SetTimer } from './lane.ts';
import { maskedNumber } from './masked-number.ts';
import { SmsProviders, type SmsProvidersParts } from './providers.ts';

export interface SenderParts {
  readonly rules: PolicyRules;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly bounds?: SenderBounds;
  readonly setTimer?: SetTimer;
}

export interface SenderBounds extends LaneBounds {
  /** For all tries of one message together. */
  readonly deadlineMs: number;
}

export interface SentMessage {
  readonly provider: string;
  /** What the gateway said. */
  readonly answer: string;
  /** Seconds that a code in it is valid; null: as the system says. */
  readonly timeout: number | null;
}

const BOUNDS: SenderBounds = { atOnce: 16, waiting: 256, deadlineMs: 30_000 };

interface Order {
  readonly message: CodeMessage;
  readonly names: readonly string[];
  /** Is it tried by the next one, too, when one says no? */
  readonly goesOn: boolean;
}

export class CodeSender implements SmsSender {
  readonly providers: SmsProviders;
  readonly #parts: SenderParts;
  readonly #bounds: SenderBounds;
  readonly #lanes = new Map<string, Lane>();

  constructor(parts: SenderParts & SmsProvidersParts) {
    this.providers = new SmsProviders(parts);
    this.#parts = parts;
    this.#bounds = parts.bounds ?? BOUNDS;
  }

  send(message: CodeMessage): Promise<SentMessage> {
    return this.#audited(message, () => this.#deliver(this.#orderOf(message)));
  }

  /** By this provider, else by the default, and no other: to see what it says. */
  sendBy(provider: string | undefined, { number, text }: { number: string; text: string }): Promise<SentMessage> {
    const message = { number, text, user: '', realm: '', client: '' };
    return this.#audited(message, async () => {
      const { name } = this.providers.definition(provider);
      return this.#try(name, message, this.#bounds.deadlineMs);
    });
  }

  close(): Promise<void> {
    return this.providers.close();
  }

  health(): HealthItem[] {
    const { rules } = this.#parts;
    const { providers } = this;
    const missing = namedProviders(rules.list()).filter(({ provider }) => !providers.has(provider));
    const unknown = missing.map(({ policy, provider }): HealthItem => {
      const text = `the policy ${policy} names the SMS provider ${provider}, which nobody set up`;
      return { code: 'SMS_PROVIDER_UNKNOWN', severity: 'warning', text };
    });
    return [...unknown, ...providers.failed.health()];
  }

  #orderOf(message: CodeMessage): Order {
    const { rules, clock } = this.#parts;
    const { providers } = this;
    const { user: name, realm, client } = message;
    const asker = { name, realm, client, time: new Date(clock.now()) };
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

  async #deliver({ message, names, goesOn }: Order): Promise<SentMessage> {
    const { clock, log } = this.#parts;
    const end = clock.monotonic() + this.#bounds.deadlineMs;
    const usable = this.providers.failed.usable(names);
    const said: string[] = [];
    for (const [index, name] of usable.entries()) {
      const share = (end - clock.monotonic()) / (usable.length - index);
      try {
        return await this.#try(name, message, share);
      } catch (error) {
        said.push(`${name}: ${describeError(error)}`);
        const { code } = error as Partial<GatehouseError>;
        const next = code === 'SMS_UNREACHABLE' || code === 'SMS_CONFIG' || (code === 'SMS_REFUSED' && goesOn);
        const isLast = index === usable.length - 1 || clock.monotonic() >= end;
        if (!next || isLast) throw said.length === 1 ? error : allFailed(code === 'SMS_REFUSED', said);
        log.warn('an SMS provider failed, the next one is tried', { provider: name, error: describeError(error) });
      }
    }
    throw new GatehouseError('SMS_PROVIDER_UNKNOWN', 'there is no SMS provider to try');
  }

  async #try(name: string, message: CodeMessage, withinMs: number): Promise<SentMessage> {
    const { providers } = this;
    const { failed } = providers;
    const { timeout } = providers.definition(name);
    const { number, text } = message;
    try {
      const work = () => providers.send(name, { number, text });
      const answer = await this.#lane(name).run(withinMs, work, (result) => this.#later(name, result));
      failed.worked(name);
      return { provider: name, answer, timeout };
    } catch (error) {
      // Who says no can be reached.
      if (error instanceof GatehouseError && error.code === 'SMS_UNREACHABLE') failed.failed(name, error.message);
      if (error instanceof GatehouseError && error.code === 'SMS_REFUSED') failed.worked(name);
      throw error;
    }
  }

  /** The next one was tried meanwhile, or the user was told that it failed. */
  #later(name: string, result: Promise<string>): void {
    const { log } = this.#parts;
    result.then(
      () => log.warn('an SMS provider took a message after its time', { provider: name }),
      () => {},
    );
  }

  #lane(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known) return known;
    const lane = new Lane(this.#bounds, this.#parts.setTimer ?? setSystemTimer);
    this.#lanes.set(name, lane);
    return lane;
  }

  async #audited<T>(message: CodeMessage, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { journal, clock } = this.#parts;
      const { user, realm, client, number } = message;
      const fields = { user, realm, client, number: maskedNumber(number), reason: describeError(error) };
      journal.append([auditChange(clock.now(), 'sms-failed', fields)]);
      throw error;
    }
  }
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
