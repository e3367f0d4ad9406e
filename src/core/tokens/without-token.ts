/**
 * Somebody without a token: refused, unless configuration or policy says otherwise (LinOTP's PassOnUserNotFound, PassOnUserNoToken,
 * passOnNoToken, passthru), or enrols one for who knows his password (autoenrollment).
 */
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Answer } from '../answer.ts';
import type { CodeDecision } from '../gate/codes.ts';
import type { OtpProof } from '../gate/types.ts';
import type { ActionPolicy } from '../policy/policy.ts';
import type { Person } from '../realms/types.ts';
import type { Account } from '../users/types.ts';
import type { CodeClaim } from './claim.ts';
import { guestAccount, personAccount } from './people.ts';
import { isOn } from './system-config.ts';
import type { Trigger } from './trigger.ts';
import type { People, SystemConfig, TokenDesk } from './types.ts';

export interface WithoutTokenParts {
  readonly desk: TokenDesk;
  readonly config: SystemConfig;
  readonly policy: ActionPolicy;
  readonly people: People;
  readonly log: Log;
}

const NO_TOKEN: CodeDecision = { kind: 'wrong', otp: { detail: 'user has no tokens' } };
const NOBODY: CodeDecision = { kind: 'wrong', otp: { detail: 'user not found' } };
const BY = 'autoenrollment';

export class WithoutToken {
  readonly #parts: WithoutTokenParts;
  readonly #trigger: Trigger;
  /** Who is being enrolled. */
  readonly #enrolled = new Set<string>();

  constructor(parts: WithoutTokenParts, trigger: Trigger) {
    this.#parts = parts;
    this.#trigger = trigger;
  }

  /** `spend`: the work that a token would have cost. */
  decide(claim: CodeClaim, proof: OtpProof, spend: () => void): Answer<CodeDecision> {
    const { config, policy, people } = this.#parts;
    const { person, asker, knock } = claim;
    spend();
    if (!person) {
      const passes = knock.user !== '' && isOn(config, 'PassOnUserNotFound');
      return passes ? letIn(guestAccount(knock.user, knock.domain)) : NOBODY;
    }
    const right = letIn(personAccount(person));
    // A token that is not his, or of another type, is not none.
    if (proof.serial !== undefined || proof.tokenType !== undefined) return NO_TOKEN;
    if (isOn(config, 'PassOnUserNoToken') || policy.actionValue('authentication', 'passOnNoToken', asker)?.value)
      return right;
    const passes = policy.actionValue('authentication', 'passthru', asker) !== undefined;
    const enrols = policy.actionValue('enrollment', 'autoenrollment', asker)?.value.includes('sms');
    if (!passes && !enrols) return NO_TOKEN;
    const known = people.checkPassword(person, proof.pass);
    return known.then((is) => (!is ? NO_TOKEN : passes ? right : this.#enrolling(claim, proof, person)));
  }

  #enrolling(claim: CodeClaim, proof: OtpProof, person: Person): CodeDecision {
    const phone = person.attributes.mobile;
    if (phone === undefined || phone.trim() === '') return NO_TOKEN;
    const start = async () => {
      // The second of two first logins finds the token of the first.
      if (this.#enrolled.has(claim.key)) return undefined;
      this.#enrolled.add(claim.key);
      try {
        const { serial } = await this.#parts.desk.enrol({ type: 'sms', owner: person, phone }, BY);
        const { asker } = claim;
        const { challenge, data, message } = proof;
        const serials = [serial];
        return await this.#trigger.start({
          door: claim.knock.door,
          place: '',
          asker,
          person,
          serials,
          challenge,
          data,
          message,
        });
      } catch (error) {
        this.#parts.log.warn('a token could not be enrolled at the first login', {
          user: person.login,
          error: describeError(error),
        });
        return undefined;
      } finally {
        this.#enrolled.delete(claim.key);
      }
    };
    return { kind: 'trigger', start };
  }
}

function letIn(account: Account): CodeDecision {
  return { kind: 'right', account, durable: Promise.resolve() };
}
