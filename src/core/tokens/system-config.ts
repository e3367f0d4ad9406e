/**
 * System configuration: LinOTP's keys, texts all of them, with the values that a new installation has. Kept in memory, since each check
 * asks; a change is durable, and in the audit trail, before it counts.
 *
 * Our own keys: `SMSStrict` (only the value that was sent is accepted), `FailCountReleaseTime` (seconds after which a token locked by
 * failures is let go; 0: never). Errors: SYSTEM_CONFIG, those of the journal.
 */
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { auditChange } from '../audit/events.ts';
import { commit } from '../journal/commit.ts';
import { dropOwn, type OwnRows, type OwnTable, putOwn } from '../journal/own-table.ts';
import type { Journal } from '../journal/types.ts';
import type { SystemConfig } from './types.ts';

const TABLE: OwnTable = { name: 'gh_system_config', columns: ['name', 'value'] };
const MAX_KEYS = 2_000;
const MAX_VALUE = 2_000;

const DEFAULTS: Readonly<Record<string, string>> = {
  DefaultMaxFailCount: '10',
  DefaultCountWindow: '10',
  DefaultSyncWindow: '1000',
  DefaultOtpLen: '6',
  DefaultResetFailCount: 'True',
  DefaultBlockingTimeout: '0',
  DefaultChallengeValidityTime: '120',
  PrependPin: 'True',
  FailCounterIncOnFalsePin: 'True',
  splitAtSign: 'True',
  SMSProviderTimeout: '120',
  SMSBlockingTimeout: '30',
};

export interface SystemConfigParts {
  readonly store: OwnRows;
  readonly journal: Journal;
  readonly clock: Clock;
}

export class StoredSystemConfig implements SystemConfig {
  readonly #parts: SystemConfigParts;
  readonly #values = new Map<string, string>();

  constructor(parts: SystemConfigParts) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    const rows = await this.#parts.store.read(TABLE, {});
    this.#values.clear();
    for (const [name, value] of rows) this.#values.set(String(name), String(value));
  }

  get(key: string): string | undefined {
    return this.#values.get(key) ?? DEFAULTS[key];
  }

  all(): Record<string, string> {
    const entries = Object.entries({ ...DEFAULTS, ...Object.fromEntries(this.#values) });
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async set(values: Readonly<Record<string, string>>, by: string): Promise<void> {
    const entries = Object.entries(values);
    for (const [key, value] of entries) check(key, value);
    const fresh = entries.filter(([key]) => !this.#values.has(key)).length;
    if (this.#values.size + fresh > MAX_KEYS) throw invalid(`there are ${MAX_KEYS} keys already`);
    await this.#commit(
      entries.map(([key, value]) => putOwn(TABLE, [key, value])),
      { action: 'set-config', by, keys: entries.map(([key]) => key).join(' ') },
    );
    for (const [key, value] of entries) this.#values.set(key, value);
  }

  async remove(key: string, by: string): Promise<boolean> {
    if (!this.#values.has(key)) return false;
    await this.#commit([dropOwn(TABLE, key)], { action: 'remove-config', by, keys: key });
    this.#values.delete(key);
    return true;
  }

  #commit(changes: Parameters<typeof commit>[1], fields: Record<string, string>): Promise<void> {
    const { journal, clock } = this.#parts;
    return commit(journal, [...changes, auditChange(clock.now(), 'admin', fields)]);
  }
}

/** LinOTP's ways to say yes. */
export function isOn(config: Pick<SystemConfig, 'get'>, key: string): boolean {
  return /^(true|1|yes|on)$/i.test(config.get(key) ?? '');
}

/** The whole number of the first of these keys that has one; `otherwise` where none has. */
export function numberOf(config: SystemConfig, keys: readonly string[], otherwise: number): number {
  for (const key of keys) {
    const text = config.get(key);
    if (text !== undefined && /^\s*\d{1,9}\s*$/.test(text)) return Number(text);
  }
  return otherwise;
}

function check(key: string, value: string): void {
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw invalid(`${JSON.stringify(key.slice(0, 80))} cannot be a key`);
  if (value.length > MAX_VALUE) throw invalid(`the value of ${key} has more than ${MAX_VALUE} characters`);
}

function invalid(why: string): GatehouseError {
  return new GatehouseError('SYSTEM_CONFIG', why, { hint: 'see docs/tokens.md for the keys' });
}
