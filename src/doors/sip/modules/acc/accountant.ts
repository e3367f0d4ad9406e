/**
 * Decides what of a flagged request is written down. Flags count as they stand when the event comes; an INVITE that failed loses the flags
 * for missed calls, so that a failure route which tries another place sets them again, or not.
 */
import type { Clock } from '../../../../platform/clock.ts';
import { describeError } from '../../../../platform/errors.ts';
import type { Log } from '../../../../platform/log.ts';
import { Seldom } from '../../../../platform/seldom.ts';
import type { SipMessage } from '../../message/message.ts';
import type { Accounts, Run } from '../../run.ts';
import type { ParameterValues } from '../../script/types.ts';
import { type CallRecord, type Outcome, recordOf } from './record.ts';

export interface Books {
  readonly clock: Clock;
  readonly log: Log;
  writeLine(what: string, record: CallRecord): void;
  writeRow(table: string, record: CallRecord): void;
}

export class Accountant implements Accounts {
  readonly flags: number;
  readonly early: boolean;
  readonly #parameters: ParameterValues;
  readonly #books: Books;
  readonly #ack: boolean;
  readonly #failures: Seldom;
  /** Bits of the flags, 0 = none. */
  readonly #log: number;
  readonly #logMissed: number;
  readonly #db: number;
  readonly #dbMissed: number;
  readonly #failed: number;

  constructor(parameters: ParameterValues, ack: boolean, books: Books) {
    this.#parameters = parameters;
    this.#books = books;
    this.#ack = ack;
    this.#failures = new Seldom(books.clock);
    this.early = parameters.early_media === 1;
    this.#log = bitOf(parameters.log_flag);
    this.#logMissed = bitOf(parameters.log_missed_flag);
    this.#db = bitOf(parameters.db_flag);
    this.#dbMissed = bitOf(parameters.db_missed_flag);
    this.#failed = parameters.failed_transactions === 1 ? -1 : bitOf(parameters.failed_transaction_flag);
    this.flags = this.#log | this.#logMissed | this.#db | this.#dbMissed;
  }

  replied(run: Run, status: number, reason: string, reply: SipMessage | undefined): void {
    const { method } = run.message;
    if (method === 'CANCEL' && this.#parameters.report_cancels !== 1) return;
    if (method === 'INVITE' && status >= 300) this.failed(run, status, reason, reply);
    if (status < 200 && (!this.early || !reply?.body)) return;
    if (status >= 300 && (run.flags & this.#failed) === 0) return;
    const outcome = { code: String(status), reason, reply };
    this.#write(run, 'transaction answered', outcome, run.flags & this.#log, run.flags & this.#db, 'db_table_acc');
  }

  failed(run: Run, status: number, reason: string, reply: SipMessage | undefined): void {
    const { flags } = run;
    const [line, row] = [flags & this.#logMissed, flags & this.#dbMissed];
    run.flags &= ~(line | row);
    const outcome = { code: String(status), reason, reply };
    this.#write(run, 'call missed', outcome, line, row, 'db_table_missed_calls');
  }

  acknowledged(run: Run): void {
    if (!this.#ack) return;
    const outcome = { code: '200', reason: 'OK' };
    this.#write(run, 'request acknowledged', outcome, run.flags & this.#log, run.flags & this.#db, 'db_table_acc');
  }

  /** What the script asks for in so many words. */
  record(run: Run, outcome: Outcome): CallRecord {
    return recordOf(run, outcome, this.#books.clock.now(), this.#parameters.detect_direction === 1);
  }

  /** No call shall fail for its account. */
  #write(run: Run, what: string, outcome: Outcome, line: number, row: number, table: string): void {
    if ((line | row) === 0) return;
    try {
      const record = this.record(run, outcome);
      if (line !== 0) this.#books.writeLine(what, record);
      if (row !== 0) this.#books.writeRow(String(this.#parameters[table]), record);
    } catch (error) {
      const { method, callId } = run.message;
      if (this.#failures.due())
        this.#books.log.error('acc: a record was not made', { method, callId, error: describeError(error) });
    }
  }
}

function bitOf(flag: string | number | null | undefined): number {
  return typeof flag === 'number' ? (1 << flag) | 0 : 0;
}
