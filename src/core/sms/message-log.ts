/**
 * What became of each message: the last 10,000, without text and number, in memory and in a table that the journal writes.
 *
 * queued: it waits, or is being sent. sent: the gateway has it. refused, unreachable: none has it. delivered, failed: what the gateway reported
 * afterwards; these stay. Of a message in several parts all have to arrive, and one that fails is enough.
 *
 * Errors: of `load` and `list` STORAGE_UNAVAILABLE.
 */
import type { Clock } from '../../platform/clock.ts';
import type { AuditLines } from '../audit/types.ts';
import { dropOwn, type OwnRows, type OwnTable, type OwnValues, putOwn } from '../journal/own-table.ts';
import type { Change, Journal } from '../journal/types.ts';
import type { SmsReceipt } from './types.ts';

export type MessageState = 'queued' | 'sent' | 'refused' | 'unreachable' | 'delivered' | 'failed';

export interface SmsRecord {
  /** Sorts by time. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Empty: a test of an administrator. */
  readonly user: string;
  /** All but the last digits masked. */
  readonly number: string;
  /** That took it, or was asked last; empty: none yet. */
  readonly provider: string;
  readonly state: MessageState;
  /** What the gateway said, or why nobody has it. */
  readonly answer: string;
  /** The gateway's names for its parts; receipts speak of these. */
  readonly parts: readonly MessagePart[];
}

export interface MessagePart {
  readonly id: string;
  readonly arrived: boolean;
}

export interface MessageLogParts {
  readonly rows: OwnRows;
  readonly journal: Journal;
  readonly clock: Clock;
}

const TABLE: OwnTable = {
  name: 'gh_sms_message',
  columns: ['id', 'sent', 'login', 'number', 'provider', 'state', 'answer', 'parts'],
};
/** What a process that ended left open. */
const CUT_OFF = { state: 'unreachable', answer: 'the server ended before it was known' } as const;
const MOST = 10_000;
/** Of a message of 255 parts nobody waits for the last. */
const MOST_PARTS = 10;
const LONGEST_ID = 65;
const LONGEST_LOGIN = 384;
const LONGEST_ANSWER = 255;
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f]/g;
const FINAL: ReadonlySet<MessageState> = new Set(['delivered', 'failed']);

export class MessageLog {
  readonly #parts: MessageLogParts;
  readonly #started: number;
  /** Oldest first. */
  readonly #records = new Map<string, SmsRecord>();
  /** By provider and the gateway's name of a part. */
  readonly #byPart = new Map<string, string>();
  #loading: Promise<void> | undefined;
  /** Of the last id: its time, and how many came at that time. */
  #last = { time: 0, count: 0 };

  constructor(parts: MessageLogParts) {
    this.#parts = parts;
    this.#started = parts.clock.now();
  }

  /** Messages since then that a provider was asked to send for a user before this start; of those that are kept. */
  async earlier(since: number): Promise<number> {
    await this.load();
    const isEarlier = ({ time, user, provider }: SmsRecord) =>
      time >= since && time < this.#started && user !== '' && provider !== '';
    return [...this.#records.values()].filter(isEarlier).length;
  }

  /** Reads what is kept, once; a failure is tried again by the next who asks. */
  load(): Promise<void> {
    this.#loading ??= this.#read().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /** Gives the id. */
  queue(user: string, number: string): string {
    const { clock } = this.#parts;
    const time = clock.now();
    const id = this.#nextId(time);
    this.#put({
      id,
      time,
      user: clean(user, LONGEST_LOGIN),
      number,
      provider: '',
      state: 'queued',
      answer: '',
      parts: [],
    });
    return id;
  }

  /** A gateway has a part of it, and will call it so. */
  took(id: string, provider: string, part: string): void {
    const record = this.#records.get(id);
    if (!record || part.length > LONGEST_ID) return;
    const parts = record.provider === provider ? record.parts : [];
    if (parts.length < MOST_PARTS) this.#keep({ ...record, provider, parts: [...parts, { id: part, arrived: false }] });
  }

  /** What one provider said. What a receipt has said already stays. */
  settle(id: string, provider: string, state: 'sent' | 'refused' | 'unreachable', answer: string): void {
    const record = this.#records.get(id);
    if (!record) return;
    const parts = record.provider === provider ? record.parts : [];
    const isSettled = FINAL.has(record.state) && record.provider === provider;
    const said = clean(answer, LONGEST_ANSWER);
    this.#put({ ...record, provider, parts, answer: said, state: isSettled ? record.state : state });
  }

  /** Nobody took it; `audit` is written with that. */
  failed(id: string, how: 'refused' | 'unreachable', reason: string, audit: AuditLines): void {
    const lines = audit.map((line): Change => ({ kind: 'audit', line }));
    const record = this.#records.get(id);
    const state = record?.state === 'queued' ? how : record?.state;
    if (record && state) this.#put({ ...record, state, answer: clean(reason, LONGEST_ANSWER) }, lines);
    else this.#parts.journal.append(lines);
  }

  /** Of a message that none was said to have, one had it after all. */
  late(id: string, provider: string, answer: string): void {
    if (this.#records.get(id)?.state === 'unreachable') this.settle(id, provider, 'sent', answer);
  }

  async report(provider: string, { id: part, state, detail }: SmsReceipt): Promise<void> {
    if (state !== 'delivered' && state !== 'failed') return;
    await this.load();
    const record = this.#records.get(this.#byPart.get(partKey(provider, part)) ?? '');
    if (!record || FINAL.has(record.state)) return;
    if (state === 'failed') return this.#put({ ...record, state, answer: clean(detail, LONGEST_ANSWER) });
    const parts = record.parts.map((one) => (one.id === part ? { ...one, arrived: true } : one));
    const all = parts.every(({ arrived }) => arrived);
    this.#put({ ...record, parts, state: all ? 'delivered' : record.state });
  }

  /** Newest first. `before`: the id of the last one seen. */
  async list(options: { limit: number; before?: string; user?: string }): Promise<SmsRecord[]> {
    await this.load();
    const { limit, before, user } = options;
    const found: SmsRecord[] = [];
    for (const record of [...this.#records.values()].reverse()) {
      if (before !== undefined && record.id >= before) continue;
      if (user !== undefined && record.user !== user) continue;
      if (found.push(record) === limit) break;
    }
    return found;
  }

  /** Providers that still owe a receipt of what they took. */
  async owing(): Promise<ReadonlySet<string>> {
    await this.load();
    const open = [...this.#records.values()].filter(({ state, parts }) => state === 'sent' && parts.length > 0);
    return new Set(open.map(({ provider }) => provider));
  }

  async #read(): Promise<void> {
    const rows = (await this.#parts.rows.read(TABLE, {})).map(recordOf);
    rows.sort((a, b) => (a.id < b.id ? -1 : 1));
    // Those that came meanwhile are newer, and what is known of them is, too.
    const fresh = [...this.#records.values()];
    this.#records.clear();
    for (const record of rows) this.#keep(record.state === 'queued' ? { ...record, ...CUT_OFF } : record);
    for (const record of fresh) this.#keep(record);
    const gone = this.#dropOldest();
    if (gone.length > 0) this.#parts.journal.append(gone);
  }

  /** Never the same twice, and in the order of their making also where the clock was set back. */
  #nextId(now: number): string {
    const time = Math.max(now, this.#last.time);
    this.#last = { time, count: time === this.#last.time ? this.#last.count + 1 : 0 };
    return time.toString(36).padStart(9, '0') + this.#last.count.toString(36).padStart(5, '0');
  }

  #put(record: SmsRecord, more: readonly Change[] = []): void {
    this.#keep(record);
    this.#parts.journal.append([putOwn(TABLE, valuesOf(record)), ...this.#dropOldest(), ...more]);
  }

  #keep(record: SmsRecord): void {
    this.#records.set(record.id, record);
    for (const { id } of record.parts) this.#byPart.set(partKey(record.provider, id), record.id);
  }

  #dropOldest(): Change[] {
    const gone: Change[] = [];
    for (const record of this.#records.values()) {
      if (this.#records.size <= MOST) break;
      this.#records.delete(record.id);
      for (const { id } of record.parts) this.#byPart.delete(partKey(record.provider, id));
      gone.push(dropOwn(TABLE, record.id));
    }
    return gone;
  }
}

function clean(text: string, most: number): string {
  return text.slice(0, most).replace(UNPRINTABLE, '?').toWellFormed();
}

function partKey(provider: string, part: string): string {
  return `${provider}\0${part}`;
}

function valuesOf({ id, time, user, number, provider, state, answer, parts }: SmsRecord): OwnValues {
  return [id, time, user, number, provider, state, answer, JSON.stringify(parts.map((one) => [one.id, one.arrived]))];
}

function recordOf(values: OwnValues): SmsRecord {
  const [id, time, user, number, provider, state, answer, parts] = values;
  return {
    id: id as string,
    time: time as number,
    user: user as string,
    number: number as string,
    provider: provider as string,
    state: state as MessageState,
    answer: answer as string,
    parts: (JSON.parse(parts as string) as [string, boolean][]).map(([part, arrived]) => ({ id: part, arrived })),
  };
}
