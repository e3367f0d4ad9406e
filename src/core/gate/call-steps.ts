/**
 * A call as the second step after a right proof: a challenge whose answer is not in the answer. Whoever answers it, with whatever code, hears what
 * the user said by telephone; while that is not known, the challenge again.
 */
import type { KeyCallState, KeyCalls } from '../callback/key-calls.ts';
import type { Limits } from '../limits/limits.ts';
import type { Policy } from '../policy/policy.ts';
import type { Account } from '../users/types.ts';
import type { Refusals } from './refusals.ts';
import type { GateStats } from './stats.ts';
import type { Challenged, Knock, Refused, Ticket, Verdict } from './types.ts';

export interface CallStepsParts {
  readonly limits: Limits;
  readonly policy: Policy;
  /** Absent: nobody is called. */
  readonly keyCalls?: Pick<KeyCalls, 'start' | 'find' | 'forget'>;
}

const PROMPT = 'You are being called: press 1 to come in, or 9 if this is not you. Then go on here.';
/** An answer waits a moment for the user: less than the time after which any NAS repeats its request. */
const HOLD_MS = 2_000;

export class CallSteps {
  readonly #parts: CallStepsParts;
  readonly #refusals: Refusals;
  readonly #stats: GateStats;

  constructor(parts: CallStepsParts, refusals: Refusals, stats: GateStats) {
    this.#parts = parts;
    this.#refusals = refusals;
    this.#stats = stats;
  }

  /** Who was proven so far is called. */
  start(knock: Knock, ticket: Ticket): Verdict {
    const call = this.#parts.keyCalls?.start(ticket);
    if (call === undefined) return this.#refusals.refuse(knock, 'not-sent', ticket.account);
    this.#stats.challenged++;
    return challenge(call);
  }

  /** Of somebody who cannot be asked anything: his user is called, where that helps him when he comes again. */
  startAside(knock: Knock, ticket: Ticket): Refused {
    const isRemembered = ticket.door === 'sip' || this.#parts.policy.remembers(ticket) !== undefined;
    if (isRemembered && this.#parts.keyCalls?.start(ticket) !== undefined) this.#stats.challenged++;
    return this.#refusals.refuse(knock, 'new-place', ticket.account);
  }

  /** The call that was made for this transaction, and for whom it is asked about. */
  find(knock: Knock, transaction: string, account: Account): KeyCallState | undefined {
    return this.#parts.keyCalls?.find(transaction, account, knock.door, knock.client.address);
  }

  /** What was told when the call began. */
  again(call: KeyCallState): Challenged {
    return challenge(call);
  }

  async answer(knock: Knock, call: KeyCallState, account: Account): Promise<Verdict> {
    if (call.answer === undefined) await soon(call.over);
    if (call.answer === undefined) return challenge(call);
    if (!this.#parts.keyCalls?.forget(call)) return this.#refusals.refuse(knock, 'wrong-proof', account);
    if (call.answer !== 'admitted') {
      this.#parts.limits.failed(account.id, knock.client);
      return this.#refusals.refuse(knock, 'not-admitted', account, call.answer);
    }
    const ticket = { door: knock.door, account, client: knock.client, time: knock.time };
    const refused = this.#refusals.keepsOut(knock, ticket);
    if (refused !== undefined) return refused;
    this.#parts.limits.succeeded(account.id, knock.client);
    this.#stats.proven++;
    return { verdict: 'proven', ticket };
  }
}

function challenge({ transaction }: KeyCallState): Challenged {
  const token = { transaction, message: PROMPT, serial: '', type: 'callback', description: '', again: false } as const;
  return { verdict: 'challenge', via: 'callback', transaction, prompt: PROMPT, tokens: [token] };
}

async function soon(over: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, HOLD_MS);
  await Promise.race([over, late.promise]);
  clearTimeout(timer);
}
