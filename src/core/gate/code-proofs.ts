/**
 * One-time codes at the gate: as the proof itself, as the answer to a challenge, and as a second step after another proof.
 *
 * Nobody is proven before the code is durably used up.
 */
import type { Limits } from '../limits/limits.ts';
import type { Policy } from '../policy/policy.ts';
import type { CodeStep, SecondStep } from '../policy/scopes.ts';
import type { Account } from '../users/types.ts';
import type { CallSteps } from './call-steps.ts';
import type { CodePlaces } from './code-places.ts';
import type { Claim, CodeDecision, Codes, StartedChallenge } from './codes.ts';
import type { Refusals } from './refusals.ts';
import type { GateStats } from './stats.ts';
import type { AnswerProof, Knock, OtpProof, Ticket, Verdict } from './types.ts';

/** LinOTP's words. */
const NOT_SENT = { detail: 'sending sms failed' } as const;

export interface CodeProofsParts {
  readonly limits: Limits;
  readonly policy: Policy;
  /** Absent: no code is right. */
  readonly codes?: Codes;
  /** Where codes were given; absent: nowhere. */
  readonly codePlaces?: Pick<CodePlaces, 'provenAt' | 'proven'>;
}

export class CodeProofs {
  readonly #parts: CodeProofsParts;
  readonly #refusals: Refusals;
  readonly #stats: GateStats;
  readonly #calls: CallSteps;

  constructor(parts: CodeProofsParts, refusals: Refusals, stats: GateStats, calls: CallSteps) {
    this.#parts = parts;
    this.#refusals = refusals;
    this.#stats = stats;
    this.#calls = calls;
  }

  /** What /validate/* brings. */
  async prove(knock: Knock, proof: OtpProof): Promise<Verdict> {
    const { codes } = this.#parts;
    if (codes === undefined) return this.#refusals.refuse(knock, 'wrong-proof');
    let claim: Claim;
    try {
      claim = await codes.claim(knock, proof);
    } catch (error) {
      return this.#refusals.unavailable(knock, error);
    }
    const { key, account } = claim;
    const held = this.#parts.limits.holdUser(key, knock.client);
    if (held !== undefined) return this.#refusals.slow(knock, held, account);
    const call = account && proof.transaction && this.#calls.find(knock, proof.transaction, account);
    if (!call) return this.#weigh(codes, claim);
    return proof.polls ? this.#calls.again(call) : this.#calls.answer(knock, call, account);
  }

  /** What a challenge was answered with. */
  async answer(knock: Knock, proof: AnswerProof, account: Account): Promise<Verdict> {
    const call = this.#calls.find(knock, proof.transaction, account);
    if (call !== undefined) return this.#calls.answer(knock, call, account);
    const { codes } = this.#parts;
    if (codes === undefined) return this.#refusals.refuse(knock, 'wrong-proof', account);
    let claim: Claim;
    try {
      claim = await codes.claimAnswer(knock, proof, account);
    } catch (error) {
      return this.#refusals.unavailable(knock, error);
    }
    // Others may have failed meanwhile.
    const held = this.#parts.limits.holdUser(claim.key, knock.client);
    return held !== undefined ? this.#refusals.slow(knock, held, account) : this.#weigh(codes, claim);
  }

  /** While a password is asked for elsewhere the try counts as failed, so that tries sent all at once gain nothing. */
  async #weigh(codes: Codes, claim: Claim): Promise<Verdict> {
    const { knock, key } = claim;
    let decision = codes.decide(claim);
    if (decision instanceof Promise) {
      this.#parts.limits.failed(key, knock.client);
      try {
        decision = await decision;
      } catch (error) {
        return this.#refusals.unavailable(knock, error);
      } finally {
        this.#parts.limits.failed(key, knock.client, true);
      }
    }
    return this.#conclude(claim, decision);
  }

  async #conclude(claim: Claim, decision: CodeDecision): Promise<Verdict> {
    const { knock, key, account } = claim;
    if (decision.kind === 'wrong') {
      this.#parts.limits.failed(key, knock.client);
      const refused = this.#refusals.refuse(
        knock,
        account ? 'wrong-proof' : 'unknown-user',
        account,
        decision.otp.detail,
      );
      return { ...refused, otp: decision.otp };
    }
    if (decision.kind === 'trigger') {
      // Whoever has no account has no token that could send.
      const refused = this.#refusals.keepsOut(knock, {
        door: knock.door,
        account: account!,
        client: knock.client,
        time: knock.time,
      });
      return refused ?? this.#challenge(knock, account!, 'sms', () => decision.start());
    }
    try {
      await decision.durable;
    } catch (error) {
      return this.#refusals.unavailable(knock, error);
    }
    const ticket = { door: knock.door, account: decision.account, client: knock.client, time: knock.time };
    const refused = this.#refusals.keepsOut(knock, ticket);
    if (refused !== undefined) return refused;
    if (knock.proof.kind === 'otp' && this.stepAskedOf(ticket) === 'callback') return this.#calls.start(knock, ticket);
    this.#parts.limits.succeeded(key, knock.client);
    // Who was let in without a token gave no code.
    if (decision.token) this.#parts.codePlaces?.proven(decision.account.id, knock.client.address, knock.time);
    this.#stats.proven++;
    return { verdict: 'proven', ticket, ...(decision.token ? { token: decision.token } : {}) };
  }

  /** Who was proven so far is asked for a code. */
  secondStep(knock: Knock, account: Account, step: CodeStep): Promise<Verdict> {
    return this.#challenge(knock, account, step, () => this.#parts.codes?.secondStep(knock, account, step));
  }

  /** Right so far: nothing is counted, and no place made known. */
  async #challenge(
    knock: Knock,
    account: Account,
    via: CodeStep,
    start: () => Promise<StartedChallenge | undefined> | undefined,
  ): Promise<Verdict> {
    let started: StartedChallenge | undefined;
    try {
      started = await start();
    } catch (error) {
      return this.#refusals.unavailable(knock, error);
    }
    if (started === undefined) {
      const refused = this.#refusals.refuse(knock, 'not-sent', account);
      return via === 'sms' ? { ...refused, otp: NOT_SENT } : refused;
    }
    if (started.tokens.some(({ again }) => !again)) this.#stats.challenged++;
    return { verdict: 'challenge', via, ...started };
  }

  /**
   * What a rule asks for after another proof; undefined: nothing, or it was given here before. A telephone has nobody to type one each time: there one that was given at
   * its place does for good, unless the rule says for how long.
   */
  stepAskedOf(ticket: Ticket): SecondStep | undefined {
    const { policy, codePlaces } = this.#parts;
    const step = policy.secondStep(ticket);
    if (step === undefined) return undefined;
    const proven = codePlaces?.provenAt(ticket.account.id, ticket.client.address);
    if (proven === undefined) return step;
    const seconds = policy.remembers(ticket) ?? (ticket.door === 'sip' ? Number.POSITIVE_INFINITY : 0);
    return ticket.time - proven >= 1000 * seconds ? step : undefined;
  }
}
