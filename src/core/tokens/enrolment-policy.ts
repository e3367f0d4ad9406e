/**
 * What policies of the scope enrollment say of new tokens: may one be made anew, may somebody have one more, which PIN it gets.
 *
 * Errors: TOKEN_EXISTS, TOKEN_LIMIT, those of the store.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Asker } from '../policy/linotp/conditions.ts';
import type { ActionPolicy } from '../policy/policy.ts';
import type { Person } from '../realms/types.ts';
import type { TokenStore } from './store.ts';
import type { Token } from './token.ts';
import type { TokenType } from './types.ts';

export interface EnrolmentPolicyParts {
  readonly policy: ActionPolicy;
  readonly clock: Clock;
  readonly store: Pick<TokenStore, 'list'>;
}

const MAX_OF_TYPE = { sms: 'maxtokenSMS', hmac: 'maxtokenHMAC', totp: 'maxtokenTOTP' } as const;
/** By LinOTP's letters: c, C, n, s. */
const CHARACTERS: Readonly<Record<string, string>> = {
  c: 'abcdefghijklmnopqrstuvwxyz',
  C: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  n: '0123456789',
  s: '#&(){}!%?*+-_',
};
const LONGEST_PIN = 64;

export class EnrolmentPolicy {
  readonly #parts: EnrolmentPolicyParts;

  constructor(parts: EnrolmentPolicyParts) {
    this.#parts = parts;
  }

  /** refuse_existing_serial, of who has the token or would get it. */
  mayReplace({ serial, owner }: Token, next: Person | undefined): void {
    const { policy, clock } = this.#parts;
    const asked = [
      ...(owner ? [{ name: owner.login, resolver: owner.source, time: new Date(clock.now()) }] : []),
      this.#asker(next),
    ];
    const refuses = asked.some((one) => policy.actionValue('enrollment', 'refuse_existing_serial', one)?.value);
    if (!refuses) return;
    throw new GatehouseError('TOKEN_EXISTS', `there is a token ${serial}, and a policy keeps it from being made anew`, {
      hint: `remove it first: gatehouse token rm ${serial}`,
    });
  }

  /** maxtoken, maxtokenSMS and the like, of a person with these tokens who is to have one more. */
  mayHaveMore(person: Person, type: TokenType, others: readonly Token[]): void {
    const ofType = others.filter((one) => one.type === type).length;
    for (const [action, count] of [
      ['maxtoken', others.length],
      [MAX_OF_TYPE[type], ofType],
    ] as const) {
      const limit = this.#parts.policy.actionValue('enrollment', action, this.#asker(person));
      if (limit === undefined || count < limit.value) continue;
      throw exceeded(`${person.login} has ${count} tokens`, action, limit);
    }
  }

  /** tokencount: of tokens in a realm that gets one more. */
  async mayHold(realms: readonly string[]): Promise<void> {
    const { policy, clock, store } = this.#parts;
    for (const realm of realms) {
      const limit = policy.actionValue('enrollment', 'tokencount', { realm, time: new Date(clock.now()) });
      if (limit === undefined) continue;
      const { total } = await store.list({ realm, page: 1, pageSize: 1 });
      if (total >= limit.value) throw exceeded(`the realm ${realm} has ${total} tokens`, 'tokencount', limit);
    }
  }

  /** otp_pin_random: the PIN that a token of this person gets, whatever was asked for; undefined: what was asked for. */
  randomPin(person: Person | undefined): string | undefined {
    const { policy } = this.#parts;
    const asker = this.#asker(person);
    const length = policy.actionValue('enrollment', 'otp_pin_random', asker)?.value ?? 0;
    if (length < 1) return undefined;
    const wanted = policy.actionValue('enrollment', 'otp_pin_random_content', asker)?.value ?? '';
    return randomText(Math.min(length, LONGEST_PIN), wanted, 'cCn');
  }

  #asker(person: Person | undefined): Asker {
    const time = new Date(this.#parts.clock.now());
    if (!person) return { time };
    const { login: name, realm, source: resolver, attributes } = person;
    return { name, realm, resolver, attributes, time };
  }
}

/** Of the kinds of characters in `wanted`, else of the `usual` ones. */
function randomText(length: number, wanted: string, usual: string): string {
  const kinds = [...wanted].map((letter) => CHARACTERS[letter] ?? '').join('');
  const all = kinds !== '' ? kinds : [...usual].map((letter) => CHARACTERS[letter]).join('');
  return Array.from({ length }, () => all[randomInt(all.length)]).join('');
}

function exceeded(what: string, action: string, { policy, value }: { policy: string; value: number }): GatehouseError {
  return new GatehouseError('TOKEN_LIMIT', `${what}, and the policy ${policy} says ${action}=${value}`, {
    hint: `remove one that is not needed: gatehouse token list`,
  });
}
