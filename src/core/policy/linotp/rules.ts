/**
 * What the rules of LinOTP's scopes say, with LinOTP's results: of those that name the action and whose conditions hold, the most exact
 * ones count, and where they do not agree the first one by name does, which is reported.
 *
 * One question costs a walk over the rules that name its action; nothing is compiled for it.
 */
import type { Contradiction, WeighedRule, Weighing } from '../types.ts';
import { type ActionOf, LINOTP_SCOPES, type LinotpScope, type LinotpValue, type ValueFor } from './actions.ts';
import type { Asker } from './conditions.ts';
import type { LinotpRule } from './rule.ts';

export interface ActionAnswer<Value> {
  readonly value: Value;
  /** Name of the policy that says so. */
  readonly policy: string;
  /** Policies that count as much and say something else. */
  readonly contradictedBy: readonly string[];
}

export interface Permission {
  readonly allowed: boolean;
  /** Why; undefined: none allows it, or none restricts the scope. */
  readonly policy: string | undefined;
}

const NONE: readonly never[] = [];
/** Questions of administrators: where they come from and the realm are not looked at. */
const OFFICE_SCOPES: ReadonlySet<LinotpScope> = new Set(['system', 'audit', 'tools', 'monitoring', 'reporting.access']);

export class LinotpRules {
  /** Active ones only, in the order of their names. */
  readonly #active = new Map<LinotpScope, LinotpRule[]>();
  readonly #speaking = new Map<LinotpScope, Map<string, LinotpRule[]>>();

  /** `rules` in the order of their names. */
  constructor(rules: readonly LinotpRule[]) {
    for (const scope of LINOTP_SCOPES) {
      const active = rules.filter((one) => one.scope === scope && one.rule.active);
      const names = new Set(active.flatMap((one) => [...one.actions]));
      this.#active.set(scope, active);
      this.#speaking.set(scope, new Map([...names].map((name) => [name, active.filter((one) => one.names(name))])));
    }
  }

  actionValue<Scope extends LinotpScope, Action extends ActionOf<Scope>>(
    scope: Scope,
    action: Action,
    asker: Asker,
  ): ActionAnswer<ValueFor<Scope, Action>> | undefined {
    const answer = this.#settle(scope, action, asker);
    // The table of actions gives both: what a value is read as, and its type.
    return answer as ActionAnswer<ValueFor<Scope, Action>> | undefined;
  }

  /**
   * May an administrator do this, or, with authorization/authorize, a user come in from here? A scope without an active rule restricts
   * nobody; of `authorize` one that names it has to be there.
   */
  permits(scope: LinotpScope, action: string, asker: Asker): Permission {
    const active =
      scope === 'authorization' ? (this.#speaking.get(scope)!.get(action) ?? NONE) : this.#active.get(scope)!;
    if (active.length === 0) return { allowed: true, policy: undefined };
    const { name = '', time } = asker;
    const who = OFFICE_SCOPES.has(scope) ? { name, time } : asker;
    const policy = active.find((one) => one.names(action) && one.rank(who) > 0)?.rule.name;
    return { allowed: policy !== undefined, policy };
  }

  /** One for each action that some rule of the scope names. */
  explain(scope: LinotpScope, asker: Asker): Weighing[] {
    return [...this.#speaking.get(scope)!.keys()].sort().map((action) => this.#weigh(scope, action, asker));
  }

  /** Those that show without anybody asking. */
  contradictions(): Contradiction[] {
    const found: Contradiction[] = [];
    for (const [scope, speaking] of this.#speaking) {
      for (const [action, rules] of speaking) {
        const saying = rules.filter((one) => one.value(action) !== undefined);
        for (const alike of Map.groupBy(saying, conditionsOf).values()) {
          if (alike.every((one) => isSame(one.value(action), alike[0]!.value(action)))) continue;
          const names = alike.map(({ rule }) => rule.name);
          found.push({ scope, action, rules: names, counts: names[0]! });
        }
      }
    }
    return found;
  }

  #settle(scope: LinotpScope, action: string, asker: Asker): ActionAnswer<LinotpValue> | undefined {
    const rules = this.#speaking.get(scope)!.get(action);
    if (rules === undefined) return undefined;
    let best = 0;
    let policy = '';
    let value: LinotpValue | undefined;
    let contradictedBy: readonly string[] = NONE;
    for (const one of rules) {
      const rank = one.rank(asker);
      if (rank === 0 || rank < best) continue;
      if (rank > best) {
        best = rank;
        value = undefined;
        contradictedBy = NONE;
      }
      const says = one.value(action);
      if (says === undefined) continue;
      if (value === undefined) {
        value = says;
        policy = one.rule.name;
      } else if (!isSame(value, says)) contradictedBy = [...contradictedBy, one.rule.name];
    }
    return value === undefined ? undefined : { value, policy, contradictedBy };
  }

  #weigh(scope: LinotpScope, action: string, asker: Asker): Weighing {
    const weighed = this.#speaking
      .get(scope)!
      .get(action)!
      .map((one) => ({ one, rank: one.rank(asker) }));
    weighed.sort((a, b) => b.rank - a.rank);
    const best = weighed[0]?.rank ?? 0;
    const settled = this.#settle(scope, action, asker);
    const rules = weighed.map(({ one, rank }): WeighedRule => {
      const outside = rank === 0 ? one.misses(asker) : rank < best ? 'less exact' : undefined;
      const out = outside ?? (settled?.contradictedBy.includes(one.rule.name) ? 'later' : undefined);
      return { name: one.rule.name, value: shown(one.value(action)) ?? '-', out };
    });
    const contradiction = settled !== undefined && settled.contradictedBy.length > 0;
    return { action, rules, value: shown(settled?.value), contradiction };
  }
}

function conditionsOf({ rule: { user, realm, client, time } }: LinotpRule): string {
  return JSON.stringify([user, realm, client, time]);
}

function isSame(a: LinotpValue | undefined, b: LinotpValue | undefined): boolean {
  return a === b || shown(a) === shown(b);
}

function shown(value: LinotpValue | undefined): boolean | number | string | undefined {
  return typeof value === 'object' ? value.join(' ') : value;
}
