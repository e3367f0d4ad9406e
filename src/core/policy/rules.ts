/**
 * The rules in force, and what they say. Until there are any, any known, unlocked user may use any door.
 *
 * For each action those rules count that say something of it, whose conditions all hold, and that are the most exact ones. As soon as a rule of a
 * scope says `allow`, who is under none is refused. Where rules that count do not agree, nobody is let in on a doubt.
 */
import type { HealthItem } from '../doors/types.ts';
import type { Terms, Ticket } from '../gate/types.ts';
import type { Decision, Policy } from './policy.ts';
import { CompiledRule, type Field, type PolicyRule, type Subject } from './rule.ts';
import { actionsOf, isScope, type PolicyScope } from './scopes.ts';

const ALLOWED: Decision = { allowed: true };
const NO_TERMS: Terms = {};
const CONTRADICTION = Symbol('contradiction');

/** What is weighed for one action, most exact rule first, then by name. */
export interface Weighing {
  readonly action: string;
  readonly rules: readonly WeighedRule[];
  /** Undefined: no rule applies, or they contradict each other. */
  readonly value: boolean | number | undefined;
  readonly contradiction: boolean;
}

export interface WeighedRule {
  readonly name: string;
  readonly value: boolean | number;
  /** The condition that does not hold, or that a more exact rule goes before; undefined: it counts. */
  readonly out: Field | 'less exact' | undefined;
}

/** Rules that say different things under the same conditions. */
export interface Contradiction {
  readonly action: string;
  readonly rules: readonly string[];
}

export class PolicyRules implements Policy {
  #rules: readonly CompiledRule[] = [];
  #scopes = new Map<PolicyScope, readonly CompiledRule[]>();

  /** Errors: those of a rule; then the old ones stay in force. */
  replace(rules: readonly PolicyRule[]): void {
    const compiled = rules.map((rule) => new CompiledRule(rule));
    compiled.sort((a, b) => (a.rule.name < b.rule.name ? -1 : 1));
    this.#rules = compiled;
    this.#scopes = new Map(Map.groupBy(compiled, ({ scope }) => scope));
  }

  /** By name. */
  list(): PolicyRule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  decide(ticket: Ticket): Decision {
    const subject = this.#subjectOf(ticket);
    if (subject === undefined) return ALLOWED;
    for (const action of actionsOf(subject.scope)) {
      const value = this.#settle(action, subject);
      if (value === CONTRADICTION || (action === 'allow' && value !== true)) {
        const refusal = refusalOf(this.weigh(action, subject));
        if (refusal !== undefined) return { allowed: false, rule: refusal };
      }
    }
    return ALLOWED;
  }

  terms(ticket: Ticket): Terms {
    const subject = this.#subjectOf(ticket);
    if (subject === undefined) return NO_TERMS;
    const seconds = this.#settle('session_seconds', subject);
    return typeof seconds === 'number' ? { seconds } : NO_TERMS;
  }

  /** All that the rules of a scope say of somebody, and why somebody is refused, if so. */
  explain(subject: Subject): { weighings: Weighing[]; refusal: string | undefined } {
    const weighings = actionsOf(subject.scope).map((action) => this.weigh(action, subject));
    return { weighings, refusal: weighings.map(refusalOf).find((refusal) => refusal !== undefined) };
  }

  weigh(action: string, subject: Subject): Weighing {
    const weighed = (this.#scopes.get(subject.scope) ?? []).flatMap((one) => {
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

  /** Those that show without anybody knocking: rules that refuse each other whenever they count. */
  contradictions(): Contradiction[] {
    const found: Contradiction[] = [];
    for (const [scope, rules] of this.#scopes) {
      for (const action of actionsOf(scope)) {
        const speaking = rules.filter((one) => one.value(action) !== undefined);
        for (const alike of Map.groupBy(speaking, (one) => one.conditions).values()) {
          if (new Set(alike.map((one) => one.value(action))).size > 1)
            found.push({ action, rules: alike.map(({ rule }) => rule.name) });
        }
      }
    }
    return found;
  }

  health(): HealthItem[] {
    return this.contradictions().map(({ action, rules }) => ({
      code: 'POLICY_CONTRADICTION',
      severity: 'warning',
      text: `the policies ${rules.join(' and ')} contradict each other in ${action}: nobody under them is let in`,
    }));
  }

  /** What the most exact rules say: nothing is made for it, since each knock asks. */
  #settle(action: string, subject: Subject): boolean | number | undefined | typeof CONTRADICTION {
    let settled: boolean | number | undefined | typeof CONTRADICTION;
    let best = 0;
    for (const one of this.#scopes.get(subject.scope) ?? []) {
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
    if (!isScope(door) || !this.#scopes.has(door)) return undefined;
    const user = { name: account.name, realm: account.domain };
    return { scope: door, user, client: client.address, time: new Date(time) };
  }
}

function refusalOf({ action, rules, value, contradiction }: Weighing): string | undefined {
  const counting = rules.filter(({ out }) => out === undefined).map(({ name }) => name);
  if (contradiction) return `${counting.join(' and ')} contradict each other in ${action}`;
  if (action !== 'allow' || rules.length === 0 || value === true) return undefined;
  return value === undefined ? 'no rule allows it' : counting.join(', ');
}
