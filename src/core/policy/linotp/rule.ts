/**
 * A rule of one of LinOTP's scopes, made ready to be asked. Errors: POLICY_INVALID.
 *
 * What LinOTP would only find out when it is asked (a bogus network, a quotation mark that is not closed) is found when the rule is set.
 */
import { parseActions } from '../action-text.ts';
import { invalidCondition, NOT } from '../condition.ts';
import type { Field, PolicyRule } from '../types.ts';
import {
  FILLED_SCOPES,
  type LinotpScope,
  type LinotpValue,
  linotpKind,
  presentActions,
  typedValue,
} from './actions.ts';
import { type Asker, compileClient, compileRealm, compileUser, type Grading } from './conditions.ts';
import { compileTime } from './time.ts';

/** Stands for all actions of a scope. */
const ALL = '*';

export class LinotpRule {
  readonly rule: PolicyRule;
  readonly scope: LinotpScope;
  /** What somebody who wrote the rule may not expect of it. */
  readonly notices: readonly string[];
  /** Undefined: Gatehouse does not know the action, or cannot read its value. */
  readonly #actions: ReadonlyMap<string, LinotpValue | undefined>;
  readonly #user: Grading;
  readonly #realm: Grading;
  readonly #client: Grading;
  readonly #time: Grading;

  constructor(rule: PolicyRule, scope: LinotpScope) {
    this.rule = rule;
    this.scope = scope;
    const notices: string[] = [];
    this.#actions = readActions(scope, rule.action, notices);
    for (const field of ['user', 'realm', 'client'] as const)
      if (rule[field] === '') notices.push(`${field}: an empty one holds for none: write * for all`);
    this.notices = notices;
    this.#user = compileUser(rule.user);
    this.#realm = compileRealm(rule.realm);
    this.#client = compileClient(rule.client);
    this.#time = compileTime(rule.time);
  }

  /** Those that the rule says something of, or keeps others from saying it. */
  get actions(): Iterable<string> {
    return this.#actions.has(ALL) ? [...this.#actions.keys(), ...presentActions(this.scope)] : this.#actions.keys();
  }

  /** By its name, or because the rule says `*`. */
  names(action: string): boolean {
    return this.#actions.has(action) || this.#actions.has(ALL);
  }

  value(action: string): LinotpValue | undefined {
    if (this.#actions.has(action)) return this.#actions.get(action);
    return this.#actions.has(ALL) && linotpKind(this.scope, action) === 'presence' ? true : undefined;
  }

  /** 0: it does not apply; else the higher the more exact: by user, then by realm, then by client. */
  rank(asker: Asker): number {
    const byUser = this.#user(asker);
    const byRealm = this.#realm(asker);
    if (byUser === NOT || byRealm === NOT || this.#time(asker) === NOT) return 0;
    const byClient = this.#client(asker);
    return byClient === NOT ? 0 : byUser * 16 + byRealm * 4 + byClient;
  }

  /** The first condition that does not hold; undefined: the rule applies. */
  misses(asker: Asker): Field | undefined {
    if (this.#user(asker) === NOT) return 'user';
    if (this.#realm(asker) === NOT) return 'realm';
    if (this.#client(asker) === NOT) return 'client';
    return this.#time(asker) === NOT ? 'time' : undefined;
  }
}

/** As LinOTP stores it. */
export function linotpForm(rule: PolicyRule): PolicyRule {
  const stored = { ...rule, realm: rule.realm.toLowerCase() };
  if (!FILLED_SCOPES.has(rule.scope)) return stored;
  return { ...stored, user: rule.user || '*', client: rule.client || '*' };
}

function readActions(
  scope: LinotpScope,
  text: string,
  notices: string[],
): ReadonlyMap<string, LinotpValue | undefined> {
  const actions = new Map<string, LinotpValue | undefined>();
  for (const [name, written] of parseActions(text, false)) {
    const kind = linotpKind(scope, name);
    const value = kind === undefined ? undefined : typedValue(kind, written);
    actions.set(name, value);
    if (name === ALL) continue;
    if (kind === undefined)
      notices.push(`${name}: the scope ${scope} has no such action here: it is kept and says nothing`);
    else if (value === undefined)
      notices.push(`${name}: ${JSON.stringify(written)} is not what it takes: it says nothing`);
    else if (kind === 'presence' && written !== true)
      notices.push(
        `${name}: it is on because it is named, as in LinOTP, whatever value it has: leave it out to have it off`,
      );
  }
  if (actions.size === 0) throw invalidCondition('action', 'the rule has none');
  return actions;
}
