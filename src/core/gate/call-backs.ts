/** Who asks to be called back: at a number of his, or, where a rule lets him, at one that he chooses. */
import { auditChange } from '../audit/events.ts';
import type { Journal } from '../journal/types.ts';
import type { Limits } from '../limits/limits.ts';
import type { Policy } from '../policy/policy.ts';
import type { UserNumbers } from '../users/numbers.ts';
import { telephoneNumber } from '../users/telephone-number.ts';
import type { Account } from '../users/types.ts';
import type { Refusals } from './refusals.ts';
import type { GateStats } from './stats.ts';
import type { CallBackProof, Knock, Verdict } from './types.ts';

export interface CallBacksParts {
  readonly journal: Journal;
  readonly limits: Limits;
  readonly policy: Policy;
  /** Absent: nobody is called back. */
  readonly numbers?: Pick<UserNumbers, 'find'>;
}

export class CallBacks {
  readonly #parts: CallBacksParts;
  readonly #refusals: Refusals;
  readonly #stats: GateStats;

  constructor(parts: CallBacksParts, refusals: Refusals, stats: GateStats) {
    this.#parts = parts;
    this.#refusals = refusals;
    this.#stats = stats;
  }

  /** A number of somebody else's, or one that the user may not choose, counts as a wrong proof. */
  async prove(knock: Knock, { to }: CallBackProof, account: Account): Promise<Verdict> {
    const ticket = { door: knock.door, account, client: knock.client, time: knock.time };
    const { numbers, policy, journal } = this.#parts;
    const own = `${account.name}-`;
    const alias = to.startsWith(own) && numbers?.find(account.id, to) === undefined ? to.slice(own.length) : to;
    const known = numbers?.find(account.id, alias);
    const number = known ?? (policy.grants('free_number', ticket) ? await chosenNumber(to) : undefined);
    if (number === undefined) {
      this.#parts.limits.failed(account.id, knock.client);
      return this.#refusals.refuse(knock, 'wrong-proof', account, 'no number of his');
    }
    const refused = this.#refusals.keepsOut(knock, ticket);
    if (refused !== undefined) return refused;
    this.#stats.challenged++;
    const { id: owner, login } = account;
    const callBack = {
      ...{ owner, login, number, alias: known === undefined ? '' : alias.toLowerCase() },
      suffices: policy.grants('no_password', ticket),
    };
    const fields = { door: knock.door, user: login, client: knock.client.address, via: 'callback', number };
    journal.append([auditChange(knock.time, 'challenge', fields)]);
    return { verdict: 'challenge', via: 'callback', transaction: '', prompt: '', tokens: [], callBack };
  }
}

async function chosenNumber(text: string): Promise<string | undefined> {
  try {
    return await telephoneNumber(text, false);
  } catch {
    return undefined;
  }
}
