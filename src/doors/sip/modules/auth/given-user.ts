/**
 * The one user that a script names itself (pv_www_authorize): the variables of username_spec and password_spec hold who may get in
 * and with what. They are read for each message.
 *
 * Results where there is no such user: -1 a variable is empty; -5 what should be an HA1 is none, so that no digest could match.
 */
import { StoredAccount } from '../../../../core/users/stored-account.ts';
import type { Account, UserSource } from '../../../../core/users/types.ts';
import type { Log } from '../../../../platform/log.ts';
import { Seldom } from '../../../../platform/seldom.ts';
import { consistsOf, HEX } from '../../message/chars.ts';
import type { Run } from '../../run.ts';
import type { ParameterValues, ScriptUses } from '../../script/types.ts';
import type { Variable } from '../../script/values/types.ts';
import type { Services } from '../../services.ts';
import type { Found } from './examine.ts';
import type { UserBase } from './knock.ts';

export class GivenUsers {
  readonly #username: Variable | undefined;
  readonly #password: Variable | undefined;
  readonly #isClear: boolean;
  readonly #log: Log;
  readonly #complaint: Seldom;

  constructor(parameters: ParameterValues, uses: ScriptUses, { log, clock }: Pick<Services, 'log' | 'clock'>) {
    const variable = (text: string | number | null | undefined) =>
      typeof text === 'string' && text.startsWith('$') ? uses.variable(text) : undefined;
    this.#username = variable(parameters.username_spec);
    this.#password = variable(parameters.password_spec);
    this.#isClear = parameters.calculate_ha1 === 1;
    this.#log = log;
    this.#complaint = new Seldom(clock);
  }

  of(run: Run, found: Found): UserBase | number {
    const username = this.#username?.read(run);
    const password = this.#password?.read(run);
    if (typeof username !== 'string' || username === '' || password === undefined || password === '') {
      return this.#complain(-1, 'the variables of username_spec and password_spec hold nobody');
    }
    const secret = String(password);
    const isUser = username.toLowerCase() === found.user.toLowerCase();
    if (isUser && !this.#isClear && !isHa1(secret)) {
      return this.#complain(
        -5,
        'the variable of password_spec holds no HA1: is it a clear password? Set calculate_ha1',
      );
    }
    return new GivenUser(isUser, secret, this.#isClear);
  }

  #complain(result: number, what: string): number {
    if (this.#complaint.due()) this.#log.warn(what);
    return result;
  }
}

/** MD5 in hex. */
function isHa1(text: string): boolean {
  return text.length === 32 && consistsOf(text, HEX);
}

class GivenUser implements UserBase, UserSource {
  readonly useDomain = false;
  readonly name = 'script';
  readonly shared = false;
  readonly ignoresCase = true;
  readonly #isUser: boolean;
  readonly #secret: string;
  readonly #isClear: boolean;

  constructor(isUser: boolean, secret: string, isClear: boolean) {
    this.#isUser = isUser;
    this.#secret = secret;
    this.#isClear = isClear;
  }

  get source(): UserSource {
    return this;
  }

  find(name: string): Account | null {
    if (!this.#isUser) return null;
    const secret = this.#isClear
      ? { password: () => this.#secret, ha1: () => undefined }
      : { password: () => undefined, ha1: () => this.#secret.toLowerCase() };
    return new StoredAccount({ id: `script:${name}`, name, domain: '', locked: false, values: [] }, secret);
  }

  onWrongProof(): void {}
}
