/**
 * The rules in force, and what they say. Until there are any, any known, unlocked user may use any door.
 *
 * In the scope of a door, for each action those rules count that say something of it, whose conditions all hold, and that are the most exact
 * ones. As soon as a rule of a scope says `allow`, who is under none is refused. Where rules that count do not agree, nobody is let in on a
 * doubt. In LinOTP's scopes the results are LinOTP's: see linotp/rules.ts.
 */
import type { Attribute } from '../../platform/radius/attributes.ts';
import type { HealthItem } from '../doors/types.ts';
import { limitsOf, NO_TERMS, type Terms } from '../gate/terms.ts';
import type { Ticket } from '../gate/types.ts';
import type { ActionOf, LinotpScope, ValueFor } from './linotp/actions.ts';
import { isLinotpScope } from './linotp/actions.ts';
import type { Asker } from './linotp/conditions.ts';
import { LinotpRule } from './linotp/rule.ts';
import { type ActionAnswer, LinotpRules, type Permission } from './linotp/rules.ts';
import type { ActionPolicy, Decision, Policy } from './policy.ts';
import { type ReplyAction, ReplyAttributes } from './reply-attributes.ts';
import { checkRule, DoorRule, type Subject } from './rule.ts';
import { DOOR_ACTIONS, type DoorAction, type DoorScope, type Grant, isDoorScope, type SecondStep } from './scopes.ts';
import type { Contradiction, PolicyNotice, PolicyRule, Shown, WeighedRule, Weighing } from './types.ts';

const ALLOWED: Decision = { allowed: true };
const CONTRADICTION = Symbol('contradiction');

export class PolicyRules implements ActionPolicy, Policy {
  #rules: readonly PolicyRule[] = [];
  #notices: readonly PolicyNotice[] = [];
  #doors = new Map<DoorScope, readonly DoorRule[]>();
  #linotp = new LinotpRules([]);
  /** What attributes there are, and how they are written. */
  readonly replies: ReplyAttributes;
  /** What rules of the scope radius add to answers: by action, then by value. */
  #given: ReadonlyMap<string, ReadonlyMap<string, readonly Attribute[]>> = new Map();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(replies = new ReplyAttributes()) {
    this.replies = replies;
  }

  /** Several may change the rules at once: each change begins with what the one before it left. */
  inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Errors: those of a rule; then the old ones stay in force. */
  replace(rules: readonly PolicyRule[]): void {
    const sorted = [...rules].sort((a, b) => (a.name < b.name ? -1 : 1));
    const doors: DoorRule[] = [];
    const linotp: LinotpRule[] = [];
    for (const rule of sorted) {
      checkRule(rule);
      if (isLinotpScope(rule.scope)) linotp.push(new LinotpRule(rule, rule.scope));
      else doors.push(new DoorRule(rule, this.replies));
    }
    this.#rules = sorted;
    this.#notices = linotp.flatMap(({ rule, notices }) => notices.map((text) => ({ policy: rule.name, text })));
    this.#doors = new Map(Map.groupBy(doors, ({ scope }) => scope));
    this.#linotp = new LinotpRules(linotp);
    const given = Map.groupBy(
      doors.flatMap(({ replies }) => replies),
      ({ action }) => action,
    );
    const byValue = (all: readonly ReplyAction[]) => new Map(all.map(({ value, attributes }) => [value, attributes]));
    this.#given = new Map([...given].map(([action, all]) => [action, byValue(all)]));
  }

  /** These rules by themselves, with what is known of attributes. Errors: those of a rule. */
  apart(rules: readonly PolicyRule[]): PolicyRules {
    const apart = new PolicyRules(this.replies);
    apart.replace(rules);
    return apart;
  }

  /** By name. */
  list(): PolicyRule[] {
    return [...this.#rules];
  }

  /** What the rules do that their authors may not expect. */
  notices(): readonly PolicyNotice[] {
    return this.#notices;
  }

  decide(ticket: Ticket): Decision {
    const subject = this.#subjectOf(ticket);
    if (subject === undefined) return ALLOWED;
    for (const action of this.#actionsOf(subject.scope)) {
      const value = this.#settle(action, subject);
      if (value === CONTRADICTION || (action === 'allow' && value !== true)) {
        const refusal = refusalOf(this.#weigh(action, subject));
        if (refusal !== undefined) return { allowed: false, rule: refusal };
      }
    }
    return ALLOWED;
  }

  terms(ticket: Ticket): Terms {
    const seconds = this.#saying('session_seconds', ticket);
    if (ticket.door === 'portal') return this.#portalTerms(ticket, seconds);
    const reply = this.#replyTo(ticket);
    if (reply.length === 0) return typeof seconds === 'number' ? { seconds } : NO_TERMS;
    return typeof seconds === 'number' ? { seconds, reply } : { reply };
  }

  #portalTerms(ticket: Ticket, seconds: Shown | undefined): Terms {
    const rates = (['upload_kbit', 'download_kbit'] as const).map((action) => this.#saying(action, ticket));
    const limits = [seconds, undefined, undefined, ...rates];
    return limitsOf(limits.map((limit) => (typeof limit === 'number' ? limit : undefined)));
  }

  secondStep(ticket: Ticket): SecondStep | undefined {
    const step = this.#saying('second_step', ticket);
    // Rules are checked when they are set: `second_step` is one of SECOND_STEPS.
    return typeof step !== 'string' || step === 'none' ? undefined : (step as SecondStep);
  }

  grants(action: Grant, ticket: Ticket): boolean {
    return this.#saying(action, ticket) === true;
  }

  mostSessions(ticket: Ticket): number | undefined {
    const sessions = this.#saying('max_sessions', ticket);
    return typeof sessions === 'number' ? sessions : undefined;
  }

  rulesFor(action: DoorAction, ticket: Ticket): string {
    const subject = this.#subjectOf(ticket);
    return subject === undefined ? '' : countingRules(this.#weigh(action, subject)).join(', ');
  }

  remembers(ticket: Ticket): number | undefined {
    const seconds = this.#saying('remember', ticket);
    return typeof seconds === 'number' ? seconds : undefined;
  }

  /** What an action of LinOTP's policies says for somebody; undefined: nothing. */
  actionValue<Scope extends LinotpScope, Action extends ActionOf<Scope>>(
    scope: Scope,
    action: Action,
    asker: Asker,
  ): ActionAnswer<ValueFor<Scope, Action>> | undefined {
    return this.#linotp.actionValue(scope, action, asker);
  }

  /** May an administrator do this, or a user come in from here? See linotp/rules.ts. */
  permits(scope: LinotpScope, action: string, asker: Asker): Permission {
    return this.#linotp.permits(scope, action, asker);
  }

  /** All that the rules of a scope say of somebody, and why somebody is refused, if so. */
  explain(scope: DoorScope | LinotpScope, asker: Asker): { weighings: Weighing[]; refusal: string | undefined } {
    if (isLinotpScope(scope)) return { weighings: this.#linotp.explain(scope, asker), refusal: undefined };
    const { name = '', realm = '', client = '', time } = asker;
    const subject = { scope, user: { name, realm }, client, time };
    const weighings = this.#actionsOf(scope).map((action) => this.#weigh(action, subject));
    return { weighings, refusal: weighings.map(refusalOf).find((refusal) => refusal !== undefined) };
  }

  /** Those that show without anybody knocking: rules that say different things whenever they count. */
  contradictions(): Contradiction[] {
    const found: Contradiction[] = [];
    for (const [scope, rules] of this.#doors) {
      for (const action of this.#actionsOf(scope)) {
        const speaking = rules.filter((one) => one.value(action) !== undefined);
        for (const alike of Map.groupBy(speaking, (one) => one.conditions).values()) {
          if (new Set(alike.map((one) => one.value(action))).size > 1)
            found.push({ scope, action, rules: alike.map(({ rule }) => rule.name), counts: null });
        }
      }
    }
    return [...found, ...this.#linotp.contradictions()];
  }

  health(): HealthItem[] {
    return this.contradictions().map((one) => ({
      code: 'POLICY_CONTRADICTION',
      severity: 'warning',
      text: `the policies ${contradictionText(one)}`,
    }));
  }

  /** What may be weighed there. */
  #actionsOf(scope: DoorScope): readonly string[] {
    return scope === 'radius' && this.#given.size > 0 ? [...DOOR_ACTIONS, ...this.#given.keys()] : DOOR_ACTIONS;
  }

  #replyTo(ticket: Ticket): readonly Attribute[] {
    if (ticket.door !== 'radius' || this.#given.size === 0) return [];
    return [...this.#given].flatMap(([action, values]) => values.get(String(this.#saying(action, ticket))) ?? []);
  }

  #weigh(action: string, subject: Subject): Weighing {
    const weighed = (this.#doors.get(subject.scope) ?? []).flatMap((one) => {
      const value = one.value(action);
      return value === undefined ? [] : [{ one, value, rank: one.rank(subject) }];
    });
    weighed.sort((a, b) => b.rank - a.rank);
    const best = weighed[0]?.rank ?? 0;
    const rules = weighed.map(({ one, value, rank }): WeighedRule => {
      const out = rank === 0 ? one.misses(subject) : rank < best ? 'less exact' : undefined;
      return { name: one.rule.name, value, out };
    });
    const settled = this.#settle(action, subject);
    const contradiction = settled === CONTRADICTION;
    return { action, rules, value: contradiction ? undefined : settled, contradiction };
  }

  /** Undefined also where rules contradict each other: `decide` has refused then. */
  #saying(action: string, ticket: Ticket): Shown | undefined {
    const subject = this.#subjectOf(ticket);
    const value = subject && this.#settle(action, subject);
    return value === CONTRADICTION ? undefined : value;
  }

  /** What the most exact rules say: nothing is made for it, since each knock asks. */
  #settle(action: string, subject: Subject): Shown | undefined | typeof CONTRADICTION {
    let settled: Shown | undefined | typeof CONTRADICTION;
    let best = 0;
    for (const one of this.#doors.get(subject.scope) ?? []) {
      const value = one.value(action);
      if (value === undefined) continue;
      const rank = one.rank(subject);
      if (rank === 0 || rank < best) continue;
      settled = rank > best || settled === value ? value : CONTRADICTION;
      best = rank;
    }
    return settled;
  }

  /** Undefined: no rule is about this door. */
  #subjectOf({ door, account, client, time }: Ticket): Subject | undefined {
    if (!isDoorScope(door) || !this.#doors.has(door)) return undefined;
    const user = { name: account.name, realm: account.domain };
    return { scope: door, user, client: client.address, time: new Date(time) };
  }
}

export function contradictionText({ action, rules, counts }: Contradiction): string {
  const result = counts === null ? 'nobody under them is let in' : `${counts} counts`;
  return `${rules.join(' and ')} contradict each other in ${action}: ${result}`;
}

function countingRules({ rules }: Weighing): string[] {
  return rules.filter(({ out }) => out === undefined).map(({ name }) => name);
}

function refusalOf(weighing: Weighing): string | undefined {
  const { action, rules, value, contradiction } = weighing;
  const counting = countingRules(weighing);
  if (contradiction) return `${counting.join(' and ')} contradict each other in ${action}`;
  if (action !== 'allow' || rules.length === 0 || value === true) return undefined;
  return value === undefined ? 'no rule allows it' : counting.join(', ');
}
