/**
 * The one user that a script names itself (pv_www_authorize): the variables of username_spec and password_spec hold who may get in
 * and with what. They are read for each message.
 */
import { StoredAccount } from '../../../../core/users/stored-account.ts';
import type { Account, UserSource } from '../../../../core/users/types.ts';
import type { Run } from '../../run.ts';
import type { ParameterValues, ScriptUses } from '../../script/types.ts';
import type { Variable } from '../../script/values/types.ts';
import type { Found } from './examine.ts';
import type { UserBase } from './knock.ts';

export class GivenUsers {
  readonly #username: Variable | undefined;
  readonly #password: Variable | undefined;
  readonly #isClear: boolean;

  constructor(parameters: ParameterValues, uses: ScriptUses) {
    const variable = (text: string | number | null | undefined) =>
      typeof text === 'string' && text.startsWith('$') ? uses.variable(text) : undefined;
    this.#username = variable(parameters.username_spec);
    this.#password = variable(parameters.password_spec);
    this.#isClear = parameters.calculate_ha1 === 1;
  }

  /** Undefined: the variables are not set. */
  of(run: Run, found: Found): UserBase | undefined {
    const username = this.#username?.read(run);
    const password = this.#password?.read(run);
    if (typeof username !== 'string' || username === '' || password === undefined || password === '') return undefined;
    const isUser = username.toLowerCase() === found.user.toLowerCase();
    return new GivenUser(isUser, String(password), this.#isClear);
  }
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
