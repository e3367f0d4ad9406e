/**
 * Limits against pumping: whoever can make the house send messages could send them to numbers that he earns by. Counted per number, user,
 * client and prefix, and all together, over one calendar day in the zone of the server.
 *
 * A message counts when it is let through, whatever becomes of it. After a restart the count of all goes on, the others begin anew. Errors: SMS_LIMIT, SMS_COUNTRY.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { HealthItem } from '../doors/types.ts';
import type { CodeMessage } from '../tokens/types.ts';
import type { SmsOptions } from './config.ts';

export type LimitOptions = Omit<SmsOptions, 'deadline_seconds' | 'at_once' | 'waiting'>;

export const NO_LIMITS: LimitOptions = {
  per_number: 0,
  per_user: 0,
  per_client: 0,
  per_day: 0,
  prefixes: [],
  allowed_prefixes: [],
};

/** Past them new numbers share one count, and so do users and clients. */
const MOST_KEYS = 100_000;
const OTHERS = '';
const ALARM = 0.8;

interface Count {
  readonly what: string;
  readonly key: string;
  readonly most: number;
}

export class SmsLimits {
  readonly #clock: Clock;
  #options: LimitOptions;
  #day = '';
  #counts = new Map<string, number>();
  #refused = 0;

  constructor(options: LimitOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  configure(options: LimitOptions): void {
    this.#options = options;
  }

  /** Messages of today. */
  get today(): number {
    this.#beginDay();
    return this.#counts.get('all') ?? 0;
  }

  /** Messages that were not let through since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Messages of today that were let through before the start. */
  carry(count: number): void {
    const { today } = this;
    this.#counts.set('all', today + count);
  }

  /** Counts the message, or refuses it and counts nothing. */
  admit(message: CodeMessage): void {
    try {
      this.#admit(message);
    } catch (error) {
      this.#refused += 1;
      throw error;
    }
  }

  #admit(message: CodeMessage): void {
    this.#beginDay();
    const { allowed_prefixes: allowed } = this.#options;
    const number = plainNumber(message.number);
    if (allowed.length > 0 && !allowed.some((prefix) => number.startsWith(prefix))) {
      throw new GatehouseError('SMS_COUNTRY', 'the number begins with none of the prefixes that are allowed', {
        hint: 'they stand under sms.allowed_prefixes',
      });
    }
    const counts = this.#countsOf(message, number).map((one) => ({ ...one, key: this.#keyOf(one.key) }));
    const over = counts.find(({ key, most }) => (this.#counts.get(key) ?? 0) >= most);
    if (over) {
      throw new GatehouseError('SMS_LIMIT', `${over.most} messages ${over.what} in a day are the limit`, {
        hint: 'it stands in the section sms of gatehouse.yaml; the count begins anew at midnight',
      });
    }
    for (const { key } of counts) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    // Counted without a limit, too: one may be set today.
    if (this.#options.per_day === 0) this.#counts.set('all', this.today + 1);
  }

  health(): HealthItem[] {
    const { per_day: most } = this.#options;
    const sent = this.today;
    if (most === 0 || sent < most * ALARM) return [];
    const severity = sent >= most ? 'error' : 'warning';
    return [{ code: 'SMS_BUDGET', severity, text: `${sent} of the ${most} SMS of this day are used up` }];
  }

  #countsOf({ user, realm, client }: CodeMessage, number: string): Count[] {
    const { per_number, per_user, per_client, per_day, prefixes } = this.#options;
    const prefix = prefixes
      .filter((one) => number.startsWith(one.prefix))
      .reduce((longest, one) => (one.prefix.length > longest.prefix.length ? one : longest), {
        prefix: '',
        per_day: 0,
      });
    const counts: Count[] = [
      { what: 'to one number', key: `number ${number}`, most: per_number },
      { what: 'for one user', key: user === '' ? '' : `user ${user}@${realm}`, most: per_user },
      { what: 'from one client', key: client === '' ? '' : `client ${client}`, most: per_client },
      { what: `to ${prefix.prefix}`, key: `prefix ${prefix.prefix}`, most: prefix.per_day },
      { what: 'to all', key: 'all', most: per_day },
    ];
    return counts.filter(({ most, key }) => most > 0 && key !== '');
  }

  #keyOf(key: string): string {
    if (this.#counts.has(key) || this.#counts.size < MOST_KEYS || key === 'all') return key;
    return `${key.split(' ', 1)[0]} ${OTHERS}`;
  }

  #beginDay(): void {
    const day = new Date(this.#clock.now()).toDateString();
    if (day === this.#day) return;
    this.#day = day;
    this.#counts = new Map();
  }
}

/** Digits, after a plus sign where the country stands before them. */
function plainNumber(number: string): string {
  const digits = number.replace(/[^0-9]/g, '').slice(0, 32);
  if (number.trim().startsWith('+')) return `+${digits}`;
  return digits.startsWith('00') ? `+${digits.slice(2)}` : digits;
}
