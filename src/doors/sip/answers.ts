/**
 * Sends replies of our own: for a run, through its transaction where it has one, and without either. Exactly one final reply leaves for each
 * request, whatever the script does.
 */
import type { Clock } from '../../platform/clock.ts';
import type { EngineCounters } from './engine-counters.ts';
import { canReply } from './message/faults.ts';
import type { Glance } from './message/glance.ts';
import { glanceTarget } from './message/glance-reply.ts';
import type { SipMessage } from './message/message.ts';
import { replyTarget } from './message/reply.ts';
import { OwnReplies } from './own-replies.ts';
import { RecentReplies } from './recent-replies.ts';
import type { Run } from './run.ts';
import type { Source, Transport } from './transport/types.ts';

export interface AnswersParts {
  readonly transport: Transport;
  /** Begins the To-tags, so that the ACKs to them can be told; the same over restarts. */
  readonly tagPrefix: string;
  /** Value of the Server header now, '' = none. */
  readonly script: { readonly server: string };
  readonly clock: Clock;
}

export class Answers {
  readonly #transport: Transport;
  readonly #counters: EngineCounters;
  readonly #own: OwnReplies;
  readonly #recent: RecentReplies;

  constructor({ transport, tagPrefix, script, clock }: AnswersParts, counters: EngineCounters) {
    this.#transport = transport;
    this.#counters = counters;
    this.#own = new OwnReplies(tagPrefix, script);
    this.#recent = new RecentReplies(clock);
  }

  /** Whether an ACK with this To tag is for one that was sent without a transaction. */
  isOwn(toTag: string): boolean {
    return this.#own.isOwn(toTag);
  }

  /** Whether a request of this branch may just have been answered. False: it was not. */
  mayHave(branchHash: number): boolean {
    return this.#recent.mayHave(branchHash);
  }

  /** Whether this request was just answered. */
  has(request: SipMessage, source: Source): boolean {
    return this.#recent.find(request, source) !== undefined;
  }

  /** Sends the answer of just before once more, if there was one. */
  again(request: SipMessage, source: Source): boolean {
    const kept = this.#recent.find(request, source);
    if (kept === undefined) return false;
    this.#counters.answeredAgain++;
    this.#transport.send(kept.text, kept.target);
    return true;
  }

  /** To a run's request. False: a final one was sent already, or it cannot be sent. */
  ofRun(run: Run, status: number, reason: string, headers: string): boolean {
    if (run.message.method === 'ACK') return false;
    if (run.finalStatus !== 0) {
      this.#counters.repliesRefused++;
      return false;
    }
    const { message, source, forceRport, transaction } = run;
    const text = this.#own.text(message, source, status, reason, headers + run.replyHeaders, forceRport, run.replyBody);
    if (transaction) {
      if (!transaction.respond(status, text)) {
        this.#counters.repliesRefused++;
        return false;
      }
    } else {
      const target = replyTarget(message, source, forceRport);
      if (status >= 200 && run.authorised) this.#recent.keep(message, source, text, target.port);
      this.#counters.statelessReplies[status]!++;
      this.#transport.send(text, target);
    }
    this.#count(status);
    if (status >= 200) run.finalStatus = status;
    return true;
  }

  /** Without a transaction and without a run. */
  answer(request: SipMessage, source: Source, status: number, reason: string, headers = ''): void {
    const text = this.#own.text(request, source, status, reason, headers, false);
    this.#count(status);
    this.#counters.statelessReplies[status]!++;
    this.#transport.send(text, replyTarget(request, source, false));
  }

  /** The same to one at fault, where that is possible. */
  refuse(request: SipMessage, source: Source, status: number, reason: string): void {
    if (!canReply(request)) {
      this.#counters.faultsDropped++;
      return;
    }
    this.#counters.faultsAnswered++;
    this.answer(request, source, status, reason);
  }

  /** The same to one that was only glanced at; `statusLine` with its CRLF, `headers` whole lines. */
  atAGlance(request: Glance, source: Source, status: number, statusLine: string, headers: string): void {
    const text = this.#own.atAGlance(request, source, statusLine, headers);
    this.#count(status);
    this.#counters.statelessReplies[status]!++;
    this.#transport.send(text, glanceTarget(request, source));
  }

  #count(status: number): void {
    if (status >= 200) this.#counters.replies[Math.floor(status / 100)]!++;
  }
}
