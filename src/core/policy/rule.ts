/**
 * A rule as administrators write it (LinOTP's fields), checked and made ready to be asked.
 *
 * The order of exactness is LinOTP's: a rule that names the user goes before one with a pattern, that before one for all; among equals
 * the realm decides, then the client. Errors: POLICY_INVALID, POLICY_NAME.
 */
import { GatehouseError } from '../../platform/errors.ts';
import { type ActionValue, asSwitch, parseActions } from './action-text.ts';
import { compileClientCondition } from './client-condition.ts';
import { type Condition, NOT } from './condition.ts';
import { actionsOf, isScope, kindOf, type PolicyScope, SCOPE_NAMES } from './scopes.ts';
import { compileTimeCondition } from './time-condition.ts';
import { compileRealmCondition, compileUserCondition, type NamedUser } from './user-condition.ts';

export interface PolicyRule {
  readonly name: string;
  readonly scope: string;
  readonly action: string;
  /** Conditions; empty = all. */
  readonly user: string;
  readonly realm: string;
  readonly client: string;
  readonly time: string;
  readonly active: boolean;
}

/** Who asks for what. */
export interface Subject {
  readonly scope: PolicyScope;
  readonly user: NamedUser;
  /** Address, MAC or line. */
  readonly client: string;
  readonly time: Date;
}

export type Field = 'user' | 'realm' | 'client' | 'time';

export class CompiledRule {
  readonly rule: PolicyRule;
  readonly scope: PolicyScope;
  readonly #user: Condition<NamedUser>;
  readonly #realm: Condition<string>;
  readonly #client: Condition<string>;
  readonly #time: Condition<Date>;
  readonly #actions: ReadonlyMap<string, boolean | number>;

  constructor(rule: PolicyRule) {
    if (!/^[A-Za-z0-9_.-]{1,64}$/.test(rule.name)) {
      throw new GatehouseError('POLICY_NAME', `${JSON.stringify(rule.name.slice(0, 80))} is no name of a policy`, {
        hint: 'use 1 to 64 letters, digits, dots, hyphens and underscores',
      });
    }
    if (!isScope(rule.scope)) {
      throw invalid(`scope: there is no ${JSON.stringify(rule.scope)}`, `the scopes are: ${SCOPE_NAMES.join(', ')}`);
    }
    this.rule = rule;
    this.scope = rule.scope;
    this.#actions = checkedActions(rule.scope, rule.action);
    this.#user = compileUserCondition(rule.user);
    this.#realm = compileRealmCondition(rule.realm);
    this.#client = compileClientCondition(rule.client);
    this.#time = compileTimeCondition(rule.time);
  }

  /** Undefined: the rule says nothing of it. */
  value(action: string): boolean | number | undefined {
    return this.rule.active ? this.#actions.get(action) : undefined;
  }

  /** Rules with the same text apply to the same. */
  get conditions(): string {
    const { user, realm, client, time } = this.rule;
    return JSON.stringify([user, realm, client, time]);
  }

  /** 0: it does not apply; else the higher the more exact. */
  rank({ user, client, time }: Subject): number {
    const [byUser, byRealm] = [this.#user.grade(user), this.#realm.grade(user.realm)];
    if (byUser === NOT || byRealm === NOT || this.#time.grade(time) === NOT) return 0;
    const byClient = this.#client.grade(client);
    return byClient === NOT ? 0 : byUser * 16 + byRealm * 4 + byClient;
  }

  /** The first condition that does not hold; undefined: the rule applies. */
  misses({ user, client, time }: Subject): Field | undefined {
    if (this.#user.grade(user) === NOT) return 'user';
    if (this.#realm.grade(user.realm) === NOT) return 'realm';
    if (this.#client.grade(client) === NOT) return 'client';
    return this.#time.grade(time) === NOT ? 'time' : undefined;
  }
}

function checkedActions(scope: PolicyScope, text: string): ReadonlyMap<string, boolean | number> {
  const known = `the actions of ${scope} are: ${actionsOf(scope).join(', ')}`;
  const actions = new Map<string, boolean | number>();
  for (const [name, value] of parseActions(text)) {
    const kind = kindOf(scope, name);
    if (kind === undefined) throw invalid(`action: the scope ${scope} has no action ${name}`, known);
    actions.set(name, kind === 'switch' ? switchOf(name, value) : secondsOf(name, value));
  }
  if (actions.size === 0) throw invalid('action: the rule has none', known);
  return actions;
}

function switchOf(name: string, value: ActionValue): boolean {
  const on = asSwitch(value);
  if (on === undefined)
    throw invalid(`action: ${name} is on or off, not ${JSON.stringify(value)}`, `write ${name} or ${name}=false`);
  return on;
}

function secondsOf(name: string, value: ActionValue): number {
  if (typeof value === 'string' && /^[1-9][0-9]{0,8}$/.test(value)) return Number(value);
  throw invalid(`action: ${name} takes whole seconds, not ${JSON.stringify(value)}`, `write ${name}=3600`);
}

function invalid(why: string, hint: string): GatehouseError {
  return new GatehouseError('POLICY_INVALID', why, { hint });
}
