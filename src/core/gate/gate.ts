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
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { auditChange } from '../audit/events.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { Change, Journal } from '../journal/types.ts';
import { SILENT, SLOWED } from '../limits/delayed-answers.ts';
import { type Limits, nameKey } from '../limits/limits.ts';
import type { Policy } from '../policy/policy.ts';
import { fitsChap } from '../proofs/chap.ts';
import { checkDigest } from '../proofs/digest.ts';
import { fitsMsChap } from '../proofs/ms-chap.ts';
import type { NonceCounts } from '../proofs/nonce-counts.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import type { RefreshCounts } from '../sessions/refresh-counts.ts';
import type { UserNumbers } from '../users/numbers.ts';
import { telephoneNumber } from '../users/telephone-number.ts';
import type { Account, UserSource } from '../users/types.ts';
import type { CodePlaces } from './code-places.ts';
import type { Claim, CodeDecision, Codes, StartedChallenge } from './codes.ts';
import { RefusalLog } from './refusal-log.ts';
import { stricter } from './terms.ts';
import type {
  Admission,
  Answer,
  AnswerProof,
  CallBackProof,
  DigestProof,
  DoorName,
  EndReason,
  Gate,
  Knock,
  OtpProof,
  Proof,
  RefusalReason,
  Refused,
  SessionName,
  SessionStart,
  Ticket,
  Traffic,
  Verdict,
} from './types.ts';

export interface GateParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly limits: Limits;
  readonly nonceCounts: NonceCounts;
  readonly policy: Policy;
  readonly hooks: Hooks;
  readonly sessions: SessionDirectory;
  /** One-time passwords; absent: none is right. */
  readonly codes?: Codes;
  /** Where codes were given; absent: nowhere. */
  readonly codePlaces?: CodePlaces;
  /** Numbers of users; absent: nobody is called back. */
  readonly numbers?: Pick<UserNumbers, 'find'>;
  readonly refreshes: RefreshCounts;
  /** Where a door looks for users when the knock names no source. */
  source(door: DoorName): UserSource;
  /** Refusals written to the audit trail at most, per second; the rest is counted. */
  readonly refusalsPerSecond?: number;
}

/** What the gate did since the start, for metrics. */
export interface GateStats {
  proven: number;
  /** Right, but with a nonce that has expired. */
  expired: number;
  /** Refusals that nothing was said about. */
  silent: number;
  /** Challenges given out. */
  challenged: number;
  readonly refused: Record<RefusalReason, number>;
}

export interface CoreGate extends Gate {
  readonly stats: GateStats;
  /** Writes what was only counted so far; before the journal closes. */
  flush(): void;
}

const REFUSED = {
  'unknown-user': refusal('unknown-user'),
  'wrong-proof': refusal('wrong-proof'),
  replayed: refusal('replayed'),
  locked: refusal('locked'),
  policy: refusal('policy'),
  'new-place': refusal('new-place'),
  slowed: SLOWED,
  unavailable: refusal('unavailable'),
  'not-sent': refusal('not-sent'),
} as const satisfies Record<RefusalReason, Refused>;

/** A source that is away is away for every knock; once in this time is enough to say so. */
const WARN_EVERY_MS = 10_000;
/** Nobody's HA1: a name that nobody has costs the hashes that a known one costs. */
const DECOY_HA1 = '0'.repeat(32);

export function createGate(parts: GateParts): CoreGate {
  return new TheGate(parts);
}

class TheGate implements CoreGate {
  readonly stats: GateStats = {
    proven: 0,
    expired: 0,
    silent: 0,
    challenged: 0,
    refused: {
      'unknown-user': 0,
      'wrong-proof': 0,
      replayed: 0,
      locked: 0,
      policy: 0,
      'new-place': 0,
      slowed: 0,
      unavailable: 0,
      'not-sent': 0,
    },
  };
  readonly #parts: GateParts;
  readonly #limits: Limits;
  readonly #refusals: RefusalLog;
  #warned = Number.NEGATIVE_INFINITY;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#limits = parts.limits;
    this.#refusals = new RefusalLog(parts.journal, parts.clock, parts.refusalsPerSecond ?? 500);
  }

  prove(knock: Knock): Answer<Verdict> {
    const held = this.#limits.holdSender(knock.client);
    if (held !== undefined) return this.#slow(knock, held, undefined);
    if (knock.proof.kind === 'otp') return this.#proveCode(knock, knock.proof);
    const source = knock.source ?? this.#parts.source(knock.door);
    const found = source.find(knock.user, knock.domain);
    return found instanceof Promise ? this.#judgeLater(knock, source, found) : this.#judge(knock, source, found);
  }

  async #judgeLater(knock: Knock, source: UserSource, found: Promise<Account | null>): Promise<Verdict> {
    let account: Account | null;
    try {
      account = await found;
    } catch (error) {
      return this.#unavailable(knock, error);
    }
    return this.#judge(knock, source, account);
  }

  #judge(knock: Knock, source: UserSource, account: Account | null): Answer<Verdict> {
    if (account === null) return this.#judgeNobody(knock, source);
    const held = this.#limits.holdUser(account.id, knock.client);
    if (held !== undefined) return this.#slow(knock, held, account);
    if (knock.proof.kind === 'answer') return this.#proveAnswer(knock, knock.proof, account);
    if (knock.proof.kind === 'call-back') return this.#callBack(knock, knock.proof, account);
    if (knock.proof.kind === 'password' && account.checkPasswordLater !== undefined)
      return this.#askSource(knock, account, account.checkPasswordLater(knock.proof.password));
    if (isRight(knock.proof, account)) return this.#accept(knock, account);
    this.#limits.failed(account.id, knock.client);
    return source.shared ? this.#lookAgain(knock, source, account) : this.#refuse(knock, 'wrong-proof', account);
  }

  /** As a user who gave a wrong proof. */
  #judgeNobody(knock: Knock, source: UserSource): Answer<Refused> {
    const name = source.ignoresCase ? knock.user.toLowerCase() : knock.user;
    const key = nameKey(name, knock.domain);
    const held = this.#limits.holdUser(key, knock.client);
    if (held !== undefined) return this.#slow(knock, held, undefined);
    if (knock.proof.kind === 'digest') checkDigest(knock.proof, DECOY_HA1);
    if (knock.proof.kind === 'chap') fitsChap(knock.proof, DECOY_HA1);
    if (knock.proof.kind === 'ms-chap') fitsMsChap(knock.proof, DECOY_HA1);
    this.#limits.failed(key, knock.client);
    return this.#refuse(knock, 'unknown-user');
  }

  /** Until the source has said so the try counts as failed, so that tries sent all at once gain nothing. */
  async #askSource(knock: Knock, account: Account, asked: Promise<boolean>): Promise<Verdict> {
    this.#limits.failed(account.id, knock.client);
    let right: boolean;
    try {
      right = await asked;
    } catch (error) {
      this.#limits.failed(account.id, knock.client, true);
      return this.#unavailable(knock, error);
    }
    if (!right) return this.#refuse(knock, 'wrong-proof', account);
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
      return this.#unavailable(knock, error);
    }
    // The same account again: its secret has not changed.
    if (account === before || account === null) return this.#refuse(knock, 'wrong-proof', before);
    if (!isRight(knock.proof, account)) return this.#refuse(knock, 'wrong-proof', account);
    this.#limits.failed(before.id, knock.client, true);
    return this.#accept(knock, account);
  }

  /** The proof is right: only now may counts of nonces be used up, and is there somebody to whom reasons may be told. */
  #accept(knock: Knock, account: Account): Answer<Verdict> {
    const { proof } = knock;
    const expired = proof.kind === 'digest' && proof.expired;
    if (proof.kind === 'digest' && !expired && !this.#isNew(proof, account)) {
      return this.#refuse(knock, 'replayed', account);
    }
    const ticket = { door: knock.door, account, client: knock.client, time: knock.time };
    const refused = this.#keepsOut(knock, ticket);
    if (refused !== undefined) return refused;
    if (proof.kind === 'called-back' && !this.#parts.policy.grants('no_password', ticket))
      return this.#refuse(knock, 'policy', account, 'no rule says no_password');
    if (this.#asksForCode(ticket)) {
      const cannotAsk = proof.kind === 'digest' || proof.kind === 'external';
      return cannotAsk ? this.#refuse(knock, 'new-place', account) : this.#secondStep(knock, account);
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

  /** A telephone has nobody to type a code each time: there one that was given does for good, unless a rule says for how long. */
  #asksForCode(ticket: Ticket): boolean {
    const { policy, codePlaces } = this.#parts;
    if (policy.secondStep(ticket) === undefined) return false;
    const proven = codePlaces?.provenAt(ticket.account.id, ticket.client.address);
    if (proven === undefined) return true;
    const seconds = policy.remembers(ticket) ?? (ticket.door === 'sip' ? Number.POSITIVE_INFINITY : 0);
    return ticket.time - proven >= 1000 * seconds;
  }

  /** Somebody who was proven may be kept out, and may know why. */
  #keepsOut(knock: Knock, ticket: Ticket): Refused | undefined {
    const { account } = ticket;
    if (account.locked) return this.#refuse(knock, 'locked', account);
    const decision = this.#parts.policy.decide(ticket);
    return decision.allowed ? undefined : this.#refuse(knock, 'policy', account, decision.rule);
  }

  async #proveCode(knock: Knock, proof: OtpProof): Promise<Verdict> {
    const { codes } = this.#parts;
    if (codes === undefined) return this.#refuse(knock, 'wrong-proof');
    let claim: Claim;
    try {
      claim = await codes.claim(knock, proof);
    } catch (error) {
      return this.#unavailable(knock, error);
    }
    const held = this.#limits.holdUser(claim.key, knock.client);
    return held !== undefined ? this.#slow(knock, held, claim.account) : this.#weigh(codes, claim);
  }

  async #proveAnswer(knock: Knock, proof: AnswerProof, account: Account): Promise<Verdict> {
    const { codes } = this.#parts;
    if (codes === undefined) return this.#refuse(knock, 'wrong-proof', account);
    let claim: Claim;
    try {
      claim = await codes.claimAnswer(knock, proof, account);
    } catch (error) {
      return this.#unavailable(knock, error);
    }
    // Others may have failed meanwhile.
    const held = this.#limits.holdUser(claim.key, knock.client);
    return held !== undefined ? this.#slow(knock, held, account) : this.#weigh(codes, claim);
  }

  /** While a password is asked for elsewhere the try counts as failed, so that tries sent all at once gain nothing. */
  async #weigh(codes: Codes, claim: Claim): Promise<Verdict> {
    const { knock, key } = claim;
    let decision = codes.decide(claim);
    if (decision instanceof Promise) {
      this.#limits.failed(key, knock.client);
      try {
        decision = await decision;
      } catch (error) {
        return this.#unavailable(knock, error);
      } finally {
        this.#limits.failed(key, knock.client, true);
      }
    }
    return this.#conclude(claim, decision);
  }

  async #conclude(claim: Claim, decision: CodeDecision): Promise<Verdict> {
    const { knock, key, account } = claim;
    if (decision.kind === 'wrong') {
      this.#limits.failed(key, knock.client);
      const refused = this.#refuse(knock, account ? 'wrong-proof' : 'unknown-user', account, decision.otp.detail);
      return { ...refused, otp: decision.otp };
    }
    if (decision.kind === 'trigger') {
      // Whoever has no account has no token that could send.
      const refused = this.#keepsOut(knock, {
        door: knock.door,
        account: account!,
        client: knock.client,
        time: knock.time,
      });
      return refused ?? this.#challenge(knock, account!, () => decision.start());
    }
    try {
      await decision.durable;
    } catch (error) {
      return this.#unavailable(knock, error);
    }
    const ticket = { door: knock.door, account: decision.account, client: knock.client, time: knock.time };
    const refused = this.#keepsOut(knock, ticket);
    if (refused !== undefined) return refused;
    this.#limits.succeeded(key, knock.client);
    // Who was let in without a token gave no code.
    if (decision.token) this.#parts.codePlaces?.proven(decision.account.id, knock.client.address, knock.time);
    this.stats.proven++;
    return { verdict: 'proven', ticket, ...(decision.token ? { token: decision.token } : {}) };
  }

  /** A number of somebody else's, or one that the user may not choose, counts as a wrong proof. */
  async #callBack(knock: Knock, { to }: CallBackProof, account: Account): Promise<Verdict> {
    const ticket = { door: knock.door, account, client: knock.client, time: knock.time };
    const { numbers, policy, journal } = this.#parts;
    const own = `${account.name}-`;
    const alias = to.startsWith(own) && numbers?.find(account.id, to) === undefined ? to.slice(own.length) : to;
    const known = numbers?.find(account.id, alias);
    const number = known ?? (policy.grants('free_number', ticket) ? await chosenNumber(to) : undefined);
    if (number === undefined) {
      this.#limits.failed(account.id, knock.client);
      return this.#refuse(knock, 'wrong-proof', account, 'no number of his');
    }
    const refused = this.#keepsOut(knock, ticket);
    if (refused !== undefined) return refused;
    this.stats.challenged++;
    const { id: owner, login } = account;
    const callBack = {
      ...{ owner, login, number, alias: known === undefined ? '' : alias.toLowerCase() },
      suffices: policy.grants('no_password', ticket),
    };
    const fields = { door: knock.door, user: login, client: knock.client.address, via: 'callback', number };
    journal.append([auditChange(knock.time, 'challenge', fields)]);
    return { verdict: 'challenge', via: 'callback', transaction: '', prompt: '', tokens: [], callBack };
  }

  /** Apart from `#accept`, so that no closure is made for who needs none. */
  #secondStep(knock: Knock, account: Account): Promise<Verdict> {
    return this.#challenge(knock, account, () => this.#parts.codes?.secondStep(knock, account));
  }

  /** Right so far: nothing is counted, and no place made known. */
  async #challenge(
    knock: Knock,
    account: Account,
    start: () => Promise<StartedChallenge | undefined> | undefined,
  ): Promise<Verdict> {
    let started: StartedChallenge | undefined;
    try {
      started = await start();
    } catch (error) {
      return this.#unavailable(knock, error);
    }
    if (started === undefined) return this.#refuse(knock, 'not-sent', account);
    if (started.tokens.some(({ again }) => !again)) this.stats.challenged++;
    return { verdict: 'challenge', via: 'sms', ...started };
  }

  /** Remembers it, so that it is new this once. */
  #isNew({ replay, nonce, cnonce, ncValue }: DigestProof, account: Account): boolean {
    const { nonceCounts } = this.#parts;
    if (replay === 'none') return true;
    return replay === 'nonce' ? nonceCounts.use(nonce, '', '', 1) : nonceCounts.use(nonce, cnonce, account.id, ncValue);
  }

  #refuse(knock: Knock, reason: RefusalReason, account?: Account, rule?: string): Refused {
    this.stats.refused[reason]++;
    this.#refusals.write(knock, reason, account?.login, rule);
    return REFUSED[reason];
  }

  #slow(knock: Knock, held: Answer<Refused>, account: Account | undefined): Answer<Refused> {
    this.stats.refused.slowed++;
    if (held === SILENT) this.stats.silent++;
    else this.#refusals.write(knock, 'slowed', account?.login, undefined);
    return held;
  }

  #unavailable(knock: Knock, error: unknown): Refused {
    const now = this.#parts.clock.monotonic();
    if (now - this.#warned >= WARN_EVERY_MS) {
      this.#warned = now;
      this.#parts.log.warn('a user source cannot be asked', { door: knock.door, error: describeError(error) });
    }
    return this.#refuse(knock, 'unavailable');
  }

  admit(ticket: Ticket, session: SessionName): Answer<Admission> {
    const admission = this.#parts.hooks.admit(ticket, session);
    if (admission instanceof Promise) return admission.then((one) => this.#admitted(ticket, one));
    return this.#admitted(ticket, admission);
  }

  #admitted(ticket: Ticket, admission: Admission): Admission {
    // A hook cannot give what a rule denies.
    if (admission.admitted)
      return { admitted: true, terms: stricter(admission.terms, this.#parts.policy.terms(ticket)) };
    const { door, account, client } = ticket;
    const fields = { door, user: account.login, client: client.address, reason: 'hook', rule: admission.reason };
    this.#parts.journal.append([auditChange(this.#parts.clock.now(), 'refused', fields)]);
    return admission;
  }

  opened({ door, session, user, client, time }: SessionStart): Change[] {
    return [auditChange(time, 'opened', { door, user, client, session })];
  }

  ended(
    { door, session, user, client, time: started }: SessionStart,
    reason: EndReason,
    time: number,
    { sent, received }: Traffic = {},
  ): Change[] {
    return [
      auditChange(time, 'ended', { door, user, client, session, reason, sent, received }),
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

function isRight(proof: Proof, account: Account): boolean {
  switch (proof.kind) {
    case 'digest': {
      const ha1 = account.ha1(proof.username, proof.realm, proof.algorithm);
      return checkDigest(proof, ha1 ?? DECOY_HA1) && ha1 !== undefined;
    }
    case 'password':
      return account.checkPassword(proof.password) === true;
    case 'chap':
      return account.checkChap?.(proof) === true;
    case 'called-back':
      return proof.owner === account.id;
    case 'ms-chap':
      return account.checkMsChap?.(proof) === true;
    case 'external':
      return true;
    case 'otp':
    case 'answer':
    case 'call-back':
      return false;
  }
}

async function chosenNumber(text: string): Promise<string | undefined> {
  try {
    return await telephoneNumber(text, false);
  } catch {
    return undefined;
  }
}

function refusal(reason: RefusalReason): Refused {
  return { verdict: 'refused', reason, silent: false };
}
