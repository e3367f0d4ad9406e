/**
 * The one gate behind all doors: limits, user, proof, policy, in this order.
 *
 * Whoever brings a wrong proof learns nothing of the user: neither that there is one (a name that nobody has is counted,
 * slowed and refused as any other, and costs the same hashes), nor that he is locked or that a rule is against him.
 *
 * A knock whose user is at hand is judged at once: no promise and no closure is made for it. A proof that fails on a source
 * which other tools may change is looked at once more with the secret read anew; until that is known it counts as failed, so
 * that tries sent all at once gain nothing. Errors: none; a source that cannot be asked gives the verdict `unavailable`.
 */
import { auditChange } from '../audit/events.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { Change } from '../journal/types.ts';
import { type Limits, nameKey } from '../limits/limits.ts';
import type { NonceCounts } from '../proofs/nonce-counts.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import type { RefreshCounts } from '../sessions/refresh-counts.ts';
import type { Account, UserSource } from '../users/types.ts';
import { CallBacks, type CallBacksParts } from './call-backs.ts';
import { CallSteps, type CallStepsParts } from './call-steps.ts';
import { CodeProofs, type CodeProofsParts } from './code-proofs.ts';
import { Refusals, type RefusalsParts } from './refusals.ts';
import { isRight, tryInVain } from './right-proof.ts';
import { SessionLimit } from './session-limit.ts';
import { type GateStats, newGateStats } from './stats.ts';
import { stricter } from './terms.ts';
import type {
  Admission,
  Answer,
  DigestProof,
  DoorName,
  EndReason,
  Gate,
  Knock,
  Refused,
  SessionName,
  SessionStart,
  Ticket,
  Traffic,
  Verdict,
} from './types.ts';

export interface GateParts extends RefusalsParts, CodeProofsParts, CallBacksParts, CallStepsParts {
  readonly nonceCounts: NonceCounts;
  readonly hooks: Hooks;
  readonly sessions: SessionDirectory;
  readonly refreshes: RefreshCounts;
  /** Where a door looks for users when the knock names no source. */
  source(door: DoorName): UserSource;
}

export interface CoreGate extends Gate {
  readonly stats: GateStats;
  /** Writes what was only counted so far; before the journal closes. */
  flush(): void;
}

export function createGate(parts: GateParts): CoreGate {
  return new TheGate(parts);
}

class TheGate implements CoreGate {
  readonly stats = newGateStats();
  readonly #parts: GateParts;
  readonly #limits: Limits;
  readonly #refusals: Refusals;
  readonly #codes: CodeProofs;
  readonly #callBacks: CallBacks;
  readonly #calls: CallSteps;
  readonly #sessionLimit: SessionLimit;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#limits = parts.limits;
    this.#sessionLimit = new SessionLimit(parts);
    this.#refusals = new Refusals(parts, this.stats);
    this.#calls = new CallSteps(parts, this.#refusals, this.stats);
    this.#codes = new CodeProofs(parts, this.#refusals, this.stats, this.#calls);
    this.#callBacks = new CallBacks(parts, this.#refusals, this.stats);
  }

  prove(knock: Knock): Answer<Verdict> {
    const held = this.#limits.holdSender(knock.client);
    if (held !== undefined) return this.#refusals.slow(knock, held, undefined);
    if (knock.proof.kind === 'otp') return this.#codes.prove(knock, knock.proof);
    const source = knock.source ?? this.#parts.source(knock.door);
    const found = source.find(knock.user, knock.domain);
    return found instanceof Promise ? this.#judgeLater(knock, source, found) : this.#judge(knock, source, found);
  }

  async #judgeLater(knock: Knock, source: UserSource, found: Promise<Account | null>): Promise<Verdict> {
    let account: Account | null;
    try {
      account = await found;
    } catch (error) {
      return this.#refusals.unavailable(knock, error);
    }
    return this.#judge(knock, source, account);
  }

  #judge(knock: Knock, source: UserSource, account: Account | null): Answer<Verdict> {
    if (account === null) return this.#judgeNobody(knock, source);
    const held = this.#limits.holdUser(account.id, knock.client);
    if (held !== undefined) return this.#refusals.slow(knock, held, account);
    if (knock.proof.kind === 'answer') return this.#codes.answer(knock, knock.proof, account);
    if (knock.proof.kind === 'call-back') return this.#callBacks.prove(knock, knock.proof, account);
    if (knock.proof.kind === 'password' && account.checkPasswordLater !== undefined)
      return this.#askSource(knock, account, account.checkPasswordLater(knock.proof.password));
    if (knock.proof.kind === 'digest' && account.askDigest !== undefined)
      return this.#askSource(knock, account, account.askDigest());
    if (isRight(knock.proof, account)) return this.#accept(knock, account);
    this.#limits.failed(account.id, knock.client);
    return source.shared
      ? this.#lookAgain(knock, source, account)
      : this.#refusals.refuse(knock, 'wrong-proof', account);
  }

  /** As a user who gave a wrong proof. */
  #judgeNobody(knock: Knock, source: UserSource): Answer<Refused> {
    const name = source.ignoresCase ? knock.user.toLowerCase() : knock.user;
    const key = nameKey(name, knock.domain);
    const held = this.#limits.holdUser(key, knock.client);
    if (held !== undefined) return this.#refusals.slow(knock, held, undefined);
    tryInVain(knock.proof);
    this.#limits.failed(key, knock.client);
    return this.#refusals.refuse(knock, 'unknown-user');
  }

  /** Until the source has said so the try counts as failed, so that tries sent all at once gain nothing. */
  async #askSource(knock: Knock, account: Account, asked: Promise<boolean>): Promise<Verdict> {
    this.#limits.failed(account.id, knock.client);
    let right: boolean;
    try {
      right = await asked;
    } catch (error) {
      this.#limits.failed(account.id, knock.client, true);
      return this.#refusals.unavailable(knock, error);
    }
    if (!right) return this.#refusals.refuse(knock, 'wrong-proof', account);
    this.#limits.failed(account.id, knock.client, true);
    return this.#accept(knock, account);
  }

  /** The secret may have been changed by another tool a moment ago. */
  async #lookAgain(knock: Knock, source: UserSource, before: Account): Promise<Verdict> {
    let account: Account | null;
    try {
      account = await source.find(knock.user, knock.domain, true);
    } catch (error) {
      this.#limits.failed(before.id, knock.client, true);
      return this.#refusals.unavailable(knock, error);
    }
    // The same account again: its secret has not changed.
    if (account === before || account === null) return this.#refusals.refuse(knock, 'wrong-proof', before);
    if (!isRight(knock.proof, account)) return this.#refusals.refuse(knock, 'wrong-proof', account);
    this.#limits.failed(before.id, knock.client, true);
    return this.#accept(knock, account);
  }

  /** The proof is right: only now may counts of nonces be used up, and is there somebody to whom reasons may be told. */
  #accept(knock: Knock, account: Account): Answer<Verdict> {
    const { proof } = knock;
    const expired = proof.kind === 'digest' && proof.expired;
    if (proof.kind === 'digest' && !expired && !this.#isNew(proof, account)) {
      return this.#refusals.refuse(knock, 'replayed', account);
    }
    const ticket = { door: knock.door, account, client: knock.client, time: knock.time };
    const refused = this.#refusals.keepsOut(knock, ticket);
    if (refused !== undefined) return refused;
    if (proof.kind === 'called-back' && !this.#parts.policy.grants('no_password', ticket))
      return this.#refusals.refuse(knock, 'policy', account, 'no rule says no_password');
    // Whoever comes with an expired nonce is asked for a fresh proof first: a captured one makes no telephone ring.
    const step = expired ? undefined : this.#codes.stepAskedOf(ticket);
    if (step !== undefined) {
      const cannotAsk = proof.kind === 'digest' || proof.kind === 'external';
      if (step === 'callback')
        return cannotAsk ? this.#calls.startAside(knock, ticket) : this.#calls.start(knock, ticket);
      return cannotAsk
        ? this.#refusals.refuse(knock, 'new-place', account)
        : this.#codes.secondStep(knock, account, step);
    }
    if (expired) {
      // It may be a captured one: good for a new challenge, and for nothing that a limit or a place hangs on.
      this.stats.expired++;
    } else {
      this.#limits.succeeded(account.id, knock.client);
      this.stats.proven++;
    }
    return { verdict: 'proven', ticket };
  }

  /** Remembers it, so that it is new this once. */
  #isNew({ replay, nonce, cnonce, ncValue }: DigestProof, account: Account): boolean {
    const { nonceCounts } = this.#parts;
    if (replay === 'none') return true;
    return replay === 'nonce' ? nonceCounts.use(nonce, '', '', 1) : nonceCounts.use(nonce, cnonce, account.id, ncValue);
  }

  admit(ticket: Ticket, session: SessionName): Answer<Admission> {
    const rule = this.#sessionLimit.take(ticket, session);
    if (rule !== undefined)
      return this.#notAdmitted(ticket, 'max-sessions', { admitted: false, reason: rule, full: true });
    const admission = this.#parts.hooks.admit(ticket, session);
    if (admission instanceof Promise) return admission.then((one) => this.#admitted(ticket, session, one));
    return this.#admitted(ticket, session, admission);
  }

  #admitted(ticket: Ticket, session: SessionName, admission: Admission): Admission {
    if (!admission.admitted) {
      this.#sessionLimit.released(ticket, session);
      return this.#notAdmitted(ticket, 'hook', admission);
    }
    this.#sessionLimit.admitted(ticket, session);
    // A hook cannot give what a rule denies.
    return { admitted: true, terms: stricter(admission.terms, this.#parts.policy.terms(ticket)) };
  }

  #notAdmitted(
    { door, account, client }: Ticket,
    reason: string,
    admission: Extract<Admission, { admitted: false }>,
  ): Admission {
    const fields = { door, user: account.login, client: client.address, reason, rule: admission.reason };
    this.#parts.journal.append([auditChange(this.#parts.clock.now(), 'refused', fields)]);
    return admission;
  }

  opened(start: SessionStart): Change[] {
    this.#sessionLimit.opened(start);
    const { door, session, user, client, time, peer } = start;
    return [auditChange(time, 'opened', { door, user, client, session, peer })];
  }

  ended(start: SessionStart, reason: EndReason, time: number, { sent, received }: Traffic = {}): Change[] {
    this.#sessionLimit.ended(start);
    const { door, session, user, client, time: started, peer } = start;
    const seconds = peer === undefined ? undefined : Math.round((time - started) / 1000);
    return [
      auditChange(time, 'ended', { door, user, client, session, reason, peer, seconds, sent, received }),
      { kind: 'history', row: { session, door, user, client, started, ended: time, reason, sent, received } },
    ];
  }

  refreshed(door: DoorName, user: string): void {
    this.#parts.refreshes.count(door, user);
  }

  end(session: string, reason: EndReason): Promise<boolean> {
    return this.#parts.sessions.end(session, reason);
  }

  flush(): void {
    this.#refusals.flush();
    this.#parts.refreshes.flush();
  }
}
