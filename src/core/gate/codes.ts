/**
 * What the gate asks of the tokens. Whose code it is may take time to find; what it is worth is then decided at one moment, so that no
 * code counts twice. Nothing counts before it is durable.
 */
import type { Answer } from '../answer.ts';
import type { CodeStep } from '../policy/scopes.ts';
import type { ChallengedToken } from '../tokens/types.ts';
import type { Account } from '../users/types.ts';
import type { AnswerProof, Knock, OtpProof, OtpRefusal, ProvenToken } from './types.ts';

/** A proof, and whose it is. */
export interface Claim {
  readonly knock: Knock;
  readonly proof: OtpProof | AnswerProof;
  /** What wrong tries count under. */
  readonly key: string;
  /** Undefined: nobody has this name, serial or transaction. */
  readonly account: Account | undefined;
}

export type CodeDecision =
  /** `durable` rejects when it could not be written: then it does not count. */
  | {
      readonly kind: 'right';
      readonly account: Account;
      readonly token?: ProvenToken;
      readonly durable: Promise<void>;
    }
  /** The PIN was right: `start` sends the codes. */
  | { readonly kind: 'trigger'; start(): Promise<StartedChallenge | undefined> }
  | { readonly kind: 'wrong'; readonly otp: OtpRefusal };

export interface StartedChallenge {
  readonly transaction: string;
  readonly prompt: string;
  readonly tokens: readonly ChallengedToken[];
}

export interface Codes<C extends Claim = Claim> {
  /** Whose OTP this is. Rejects when a source cannot be asked. */
  claim(knock: Knock, proof: OtpProof): Promise<C>;
  /** The answer of somebody whom a source knows. */
  claimAnswer(knock: Knock, proof: AnswerProof, account: Account): Promise<C>;
  /** At once, but where a password has to be asked for elsewhere. */
  decide(claim: C): Answer<CodeDecision>;
  /** The second step of somebody whose first proof was right; undefined: he has no token that it could be taken with. */
  secondStep(knock: Knock, account: Account, step: CodeStep): Promise<StartedChallenge | undefined>;
}
