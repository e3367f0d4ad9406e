/**
 * What an administrator can do with the rules of the policy. A change is in force for the next knock; sessions that are open stay open.
 *
 * Errors: POLICY_INVALID, POLICY_NAME, POLICY_UNKNOWN, BAD_LOGIN, those of PolicyStore.
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import { isLinotpScope } from '../policy/linotp/actions.ts';
import { linotpForm } from '../policy/linotp/rule.ts';
import type { PolicyRules } from '../policy/rules.ts';
import { isDoorScope, SCOPE_NAMES } from '../policy/scopes.ts';
import type { PolicyRule } from '../policy/types.ts';
import type { PolicyStore } from '../storage/types.ts';
import type { LockedNames } from '../users/locked-names.ts';
import type { Login } from '../users/store.ts';
import type { Administration, LoginText, PolicyReasons } from './types.ts';
import type { UserBook } from './user-book.ts';

export interface PolicyParts {
  readonly store: PolicyStore;
  /** Those in force. */
  readonly rules: PolicyRules;
  readonly book: UserBook;
  readonly locks: Pick<LockedNames, 'holds'>;
  now(): number;
  event(action: string, fields: AuditFields): AuditLines;
  resolve(login: LoginText): Promise<Login>;
}

type PolicyCalls = Pick<Administration, 'listPolicies' | 'setPolicies' | 'removePolicy' | 'explainPolicy'>;

export function policyCalls({ store, rules, book, locks, now, event, resolve }: PolicyParts): PolicyCalls {
  return {
    listPolicies: async () => ({
      policies: rules.list(),
      contradictions: rules.contradictions(),
      notices: [...rules.notices()],
    }),
    setPolicies: (changed) => rules.inTurn(() => set(changed)),
    removePolicy: (name) => rules.inTurn(() => remove(name)),
    explainPolicy: explain,
  };

  async function set(given: readonly PolicyRule[]) {
    const changed = given.map((rule) => (isLinotpScope(rule.scope) ? linotpForm(rule) : rule));
    const next = new Map(rules.list().map((rule) => [rule.name, rule]));
    for (const rule of changed) next.set(rule.name, rule);
    // A faulty rule is found before anything is written.
    const alone = rules.apart(changed);
    const lines = changed.flatMap(({ name, ...fields }) => event('set-policy', { policy: name, ...shown(fields) }));
    await store.set(changed, lines);
    rules.replace([...next.values()]);
    return { contradictions: rules.contradictions(), notices: [...alone.notices()] };
  }

  async function remove(name: string): Promise<void> {
    const left = rules.list().filter((rule) => rule.name !== name);
    if (left.length === rules.list().length) {
      throw new GatehouseError('POLICY_UNKNOWN', `there is no policy ${JSON.stringify(name.slice(0, 80))}`, {
        hint: 'see those that are there: gatehouse policy list',
      });
    }
    await store.remove(name, event('remove-policy', { policy: name }));
    rules.replace(left);
  }

  async function explain({
    user,
    door,
    client,
    time,
  }: Parameters<Administration['explainPolicy']>[0]): Promise<PolicyReasons> {
    if (!isDoorScope(door) && !isLinotpScope(door)) {
      throw new GatehouseError('POLICY_INVALID', `there are no rules for the door ${JSON.stringify(door)}`, {
        hint: `the doors, and LinOTP's scopes, are: ${SCOPE_NAMES.join(', ')}`,
      });
    }
    const { name, domain: realm } = await resolve(user);
    const known = await book.show({ name, domain: realm }).catch((error) => {
      if (error instanceof GatehouseError && error.code === 'USER_UNKNOWN') return undefined;
      throw error;
    });
    const when = new Date(time ?? now());
    const { weighings, refusal } = rules.explain(door, { name, realm, client, time: when });
    const isLocked = known?.locked || locks.holds({ id: known?.id ?? '', name, domain: realm });
    const account = isLocked ? 'locked' : known === undefined ? 'unknown' : 'open';
    return {
      account,
      weighings: weighings.map((one) => ({ ...one, value: one.value ?? null })),
      refusal: refusal ?? null,
    };
  }
}

/** Of the trail: conditions that say nothing are left out. */
function shown({ action, active, ...texts }: Omit<PolicyRule, 'name'>): AuditFields {
  const said = Object.entries(texts).filter(([, text]) => text !== '');
  return { actions: action, ...Object.fromEntries(said), active };
}
