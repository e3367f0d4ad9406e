/**
 * A rule about a door, checked and made ready to be asked.
 *
 * The order of exactness is LinOTP's: a rule that names the user goes before one with a pattern, that before one for all; among equals
 * the realm decides, then the client. Errors: POLICY_INVALID, POLICY_NAME.
 */
import { GatehouseError } from '../../platform/errors.ts';
import { type ActionValue, asSwitch, parseActions } from './action-text.ts';
import { compileClientCondition } from './client-condition.ts';
import { type Condition, NOT } from './condition.ts';
import { isReplyAction, type ReplyAction, type ReplyAttributes } from './reply-attributes.ts';
import { DOOR_ACTIONS, type DoorScope, isDoorScope, kindOf, SCOPE_NAMES, SECOND_STEPS } from './scopes.ts';
import { compileTimeCondition } from './time-condition.ts';
import type { Field, PolicyRule, Shown } from './types.ts';
import { compileRealmCondition, compileUserCondition, type NamedUser } from './user-condition.ts';

/** Of a field, as the database holds it. */
const LONGEST_FIELD = 2000;

/** Who asks for what. */
export interface Subject {
  readonly scope: DoorScope;
  readonly user: NamedUser;
  /** Address, MAC or line. */
  readonly client: string;
  readonly time: Date;
}

export class DoorRule {
  readonly rule: PolicyRule;
  readonly scope: DoorScope;
  readonly #user: Condition<NamedUser>;
  readonly #realm: Condition<string>;
  readonly #client: Condition<string>;
  readonly #time: Condition<Date>;
  readonly #actions: ReadonlyMap<string, Shown>;
  /** What it adds to an answer. */
  readonly replies: readonly ReplyAction[];

  constructor(rule: PolicyRule, replies: ReplyAttributes) {
    if (!isDoorScope(rule.scope)) {
      throw invalid(`scope: there is no ${JSON.stringify(rule.scope)}`, `the scopes are: ${SCOPE_NAMES.join(', ')}`);
    }
    this.rule = rule;
    this.scope = rule.scope;
    const { actions, given } = checkedActions(rule.action, this.scope, replies);
    this.#actions = actions;
    this.replies = given;
    this.#user = compileUserCondition(rule.user);
    this.#realm = compileRealmCondition(rule.realm);
    this.#client = compileClientCondition(rule.client);
    this.#time = compileTimeCondition(rule.time);
  }

  /** Undefined: the rule says nothing of it. */
  value(action: string): Shown | undefined {
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

/** What holds for rules of all scopes. */
export function checkRule(rule: PolicyRule): void {
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(rule.name)) {
    throw new GatehouseError('POLICY_NAME', `${JSON.stringify(rule.name.slice(0, 80))} is no name of a policy`, {
      hint: 'use 1 to 64 letters, digits, dots, hyphens and underscores',
    });
  }
  for (const field of ['action', 'user', 'realm', 'client', 'time'] as const) {
    if (rule[field].length > LONGEST_FIELD || /[\r\n\0]/.test(rule[field]))
      throw invalid(`${field}: it is one line of at most ${LONGEST_FIELD} characters`, 'write several policies');
  }
}

function checkedActions(text: string, scope: DoorScope, replies: ReplyAttributes) {
  const isRadius = scope === 'radius';
  const known = `the actions of doors are: ${DOOR_ACTIONS.join(', ')}${isRadius ? ', vlan and reply.ATTRIBUTE' : ''}`;
  const actions = new Map<string, Shown>();
  const given: ReplyAction[] = [];
  for (const [name, value] of parseActions(text)) {
    if (isRadius && isReplyAction(name)) {
      const reply = replies.read(name, value);
      actions.set(reply.action, reply.value);
      given.push(reply);
      continue;
    }
    const kind = kindOf(name);
    if (kind === undefined) throw invalid(`action: doors have no action ${name}`, known);
    actions.set(name, READ[kind](name, value));
  }
  if (actions.size === 0) throw invalid('action: the rule has none', known);
  return { actions, given };
}

const READ = { switch: switchOf, seconds: secondsOf, count: countOf, step: stepOf, span: spanOf } as const;

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

function countOf(name: string, value: ActionValue): number {
  if (typeof value === 'string' && /^[1-9][0-9]{0,5}$/.test(value)) return Number(value);
  throw invalid(`action: ${name} takes a number from 1, not ${JSON.stringify(value)}`, `write ${name}=2`);
}

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const LONGEST_SPAN_DAYS = 366;

function spanOf(name: string, value: ActionValue): number {
  const [, digits, unit] = /^([1-9][0-9]{0,8})([smhd]?)$/.exec(String(value)) ?? [];
  const seconds = Number(digits) * UNIT_SECONDS[(unit || 's') as keyof typeof UNIT_SECONDS];
  if (seconds <= LONGEST_SPAN_DAYS * UNIT_SECONDS.d) return seconds;
  throw invalid(
    `action: ${name} takes a time of at most ${LONGEST_SPAN_DAYS} days, not ${JSON.stringify(value)}`,
    `write ${name}=30d, 12h, 15m or whole seconds`,
  );
}

function stepOf(name: string, value: ActionValue): string {
  const step = SECOND_STEPS.find((one) => one === value);
  if (step !== undefined) return step;
  throw invalid(
    `action: ${name} has no ${JSON.stringify(value)}`,
    `write ${name}= and one of: ${SECOND_STEPS.join(', ')}`,
  );
}

function invalid(why: string, hint: string): GatehouseError {
  return new GatehouseError('POLICY_INVALID', why, { hint });
}
