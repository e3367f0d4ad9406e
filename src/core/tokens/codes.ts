/**
 * One-time passwords before the gate (docs/tokens.md): whose a code is, and what it is worth.
 *
 * `decide` looks at the tokens and uses a value up without waiting in between: of two requests with one code the second finds it used.
 * It counts after the journal has made it durable; if that fails the code stays used in memory.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Answer } from '../answer.ts';
import type { CodeDecision, Codes, StartedChallenge } from '../gate/codes.ts';
import type { AnswerProof, Knock, OtpProof } from '../gate/types.ts';
import { nameKey } from '../limits/limits.ts';
import { placeOf } from '../limits/place.ts';
import type { Asker } from '../policy/linotp/conditions.ts';
import type { CodeStep } from '../policy/scopes.ts';
import type { Person } from '../realms/types.ts';
import type { Account } from '../users/types.ts';
import { mayKnock } from './authorization.ts';
import { CodeCheck, type CodeCheckParts } from './check.ts';
import type { CodeClaim } from './claim.ts';
import { isUsable } from './evaluate.ts';
import { accountId, ownerOfAccount, personAccount, tokenAccount } from './people.ts';
import type { Token } from './token.ts';
import type { TriggerRequest } from './trigger.ts';
import type { People, TokenDesk, TokenOwner } from './types.ts';
import { WithoutToken } from './without-token.ts';

export interface CodesParts extends CodeCheckParts {
  readonly desk: TokenDesk;
  readonly people: People;
  readonly clock: Clock;
  readonly log: Log;
}

const NOT_AUTHORISED: CodeDecision = { kind: 'wrong', otp: { detail: 'failed due to authorization/authorize policy' } };

export class TokenCodes implements Codes<CodeClaim> {
  readonly #parts: CodesParts;
  readonly #check: CodeCheck;
  readonly #withoutToken: WithoutToken;

  constructor(parts: CodesParts) {
    this.#parts = parts;
    this.#check = new CodeCheck(parts);
    this.#withoutToken = new WithoutToken(parts, this.#check.trigger);
  }

  async claim(knock: Knock, proof: OtpProof): Promise<CodeClaim> {
    const { people, shelf } = this.#parts;
    if (knock.user !== '') {
      const person = await people.find(knock.user, knock.domain);
      if (person) return this.#ofPerson(knock, proof, person);
      return this.#claim(knock, proof, null, null, undefined);
    }
    const serial = proof.serial ?? this.#serialOf(proof.transaction);
    const token = serial === undefined ? undefined : await shelf.find(serial);
    if (!token?.owner) return this.#claim(knock, proof, null, null, token?.serial);
    const { owner } = token;
    const person = await people.findById(owner.source, owner.id, token.realms[0]);
    if (person) return this.#ofPerson(knock, proof, person);
    // His source does not know him any more: a token of nobody's.
    return this.#claim(knock, proof, null, null, undefined);
  }

  async claimAnswer(knock: Knock, proof: AnswerProof, account: Account): Promise<CodeClaim> {
    const owner = ownerOfAccount(account);
    await this.#atHand(owner);
    return { ...this.#claim(knock, proof, null, owner, undefined), account, key: account.id };
  }

  decide(claim: CodeClaim): Answer<CodeDecision> {
    const tokens = this.#tokensOf(claim);
    const { knock, proof, person } = claim;
    if (proof.kind === 'answer') return this.#check.answer(claim, tokens, proof.transaction, proof.code);
    if (knock.user !== '' && !mayKnock(this.#parts.policy, claim.asker)) {
      this.#check.decoy(proof.pass);
      return NOT_AUTHORISED;
    }
    if (proof.transaction !== undefined && !proof.polls)
      return this.#check.answer(claim, tokens, proof.transaction, proof.pass);
    if (tokens.length === 0) return this.#withoutToken.decide(claim, proof, () => this.#check.decoy(proof.pass));
    const question = person ? this.#check.passwordIn(claim, tokens, proof.pass) : undefined;
    if (question === undefined) return this.#weigh(claim, tokens, proof, new Set());
    return this.#askPassword(claim, proof, person!, question);
  }

  async secondStep(knock: Knock, account: Account, step: CodeStep): Promise<StartedChallenge | undefined> {
    const { people, shelf } = this.#parts;
    const owner = ownerOfAccount(account);
    const person = await people.findById(owner.source, owner.id);
    await this.#atHand(owner);
    const now = this.#parts.clock.now();
    const usable = shelf.of(owner).filter((token) => token.type === step && isUsable(token, now));
    const request: TriggerRequest = {
      door: knock.door,
      place: placeOf(knock.client.address),
      asker: askerOf(knock, person),
      person,
      serials: usable.map(({ serial }) => serial),
    };
    return this.#check.trigger.start(request);
  }

  /** The tokens may have changed while the password was asked for. */
  async #askPassword(claim: CodeClaim, proof: OtpProof, person: Person, password: string): Promise<CodeDecision> {
    const right = await this.#parts.people.checkPassword(person, password);
    if (claim.owner) await this.#atHand(claim.owner);
    return this.#weigh(claim, this.#tokensOf(claim), proof, new Set(right ? [password] : []));
  }

  #weigh(claim: CodeClaim, tokens: readonly Token[], proof: OtpProof, passwords: ReadonlySet<string>): CodeDecision {
    return proof.polls
      ? this.#check.poll(claim, tokens, proof, passwords)
      : this.#check.pass(claim, tokens, proof, passwords);
  }

  async #ofPerson(knock: Knock, proof: OtpProof, person: Person): Promise<CodeClaim> {
    await this.#atHand(person);
    return this.#claim(knock, proof, person, person, undefined);
  }

  #claim(
    knock: Knock,
    proof: OtpProof | AnswerProof,
    person: Person | null,
    owner: CodeClaim['owner'],
    lone: string | undefined,
  ): CodeClaim {
    const account = person ? personAccount(person) : lone === undefined ? undefined : tokenAccount(lone);
    const named =
      knock.user !== '' ? knock.user : ((proof.kind === 'otp' ? proof.serial : undefined) ?? proof.transaction ?? '');
    const key = owner ? accountId(owner) : (account?.id ?? nameKey(named, knock.domain));
    return { knock, proof, key, account, person, owner, lone, asker: askerOf(knock, person) };
  }

  /** As they are at this moment. */
  #tokensOf({ owner, lone, proof, person }: CodeClaim): Token[] {
    const { shelf } = this.#parts;
    const token = lone === undefined ? undefined : shelf.get(lone);
    const all = owner ? shelf.of(owner) : token ? [token] : [];
    if (proof.kind === 'answer') return all;
    const { serial, tokenType } = proof;
    const realm = person?.realm ?? '';
    return all.filter(
      (one) =>
        (serial === undefined || one.serial === serial) &&
        (tokenType === undefined || one.type === tokenType.toLowerCase()) &&
        (realm === '' || one.realms.length === 0 || one.realms.includes(realm)),
    );
  }

  #serialOf(transaction: string | undefined): string | undefined {
    return transaction === undefined ? undefined : this.#parts.challenges.of(transaction)[0]?.serial;
  }

  /** The owner's tokens are in memory when it resolves, until something is waited for. */
  async #atHand(owner: Pick<TokenOwner, 'source' | 'id'>): Promise<void> {
    await this.#parts.shelf.ready(owner);
  }
}

function askerOf({ user, domain, client, time }: Knock, person: Person | null): Asker {
  const asker = { client: client.address, time: new Date(time) };
  if (!person) return { ...asker, name: user, realm: domain };
  const { login: name, realm, source: resolver, attributes } = person;
  return { ...asker, name, realm, resolver, attributes };
}
