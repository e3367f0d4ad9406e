/** Rules found by their fields, as LinOTP's getPolicy and checkPolicy find them: those of doors as well. */
import { parseActions } from '../action-text.ts';
import type { PolicyRule } from '../types.ts';
import { isLinotpScope } from './actions.ts';
import type { Asker } from './conditions.ts';
import { LinotpRule } from './rule.ts';

export interface Wanted {
  readonly name?: string;
  readonly scope?: string;
  readonly action?: string;
  /** `name` or `name@realm`. */
  readonly user?: string;
  readonly realm?: string;
  readonly client?: string;
  /** Of conditions in `time`; absent: they are not looked at. */
  readonly time?: Date;
  readonly inactive?: boolean;
}

/** Of those that conditions hold for only the most exact ones, as when a question is answered. */
export function findPolicies(rules: readonly PolicyRule[], wanted: Wanted): PolicyRule[] {
  const named = rules.filter(
    (rule) =>
      (wanted.inactive || rule.active) &&
      (wanted.name === undefined || rule.name === wanted.name) &&
      (wanted.scope === undefined || rule.scope === wanted.scope),
  );
  const { user = '', realm = '', client = '', action } = wanted;
  if (user === '' && realm === '' && client === '' && action === undefined) return named;
  const at = user.lastIndexOf('@');
  const asker: Asker = {
    name: at < 0 ? user : user.slice(0, at),
    realm: realm || (at < 0 ? '' : user.slice(at + 1)),
    client,
    time: wanted.time ?? new Date(0),
  };
  const ranked = named.flatMap((rule) => {
    const { scope } = rule;
    if (!isLinotpScope(scope)) return [];
    const compiled = new LinotpRule(wanted.time ? rule : { ...rule, time: '' }, scope);
    const rank = action !== undefined && !compiled.names(actionName(action)) ? 0 : compiled.rank(asker);
    return rank === 0 ? [] : [{ rule, rank }];
  });
  const best = Math.max(...ranked.map(({ rank }) => rank));
  return ranked.filter(({ rank }) => rank === best).map(({ rule }) => rule);
}

/** The SMS providers that policies name, active or not. */
export function namedProviders(rules: readonly PolicyRule[]): { policy: string; provider: string }[] {
  return rules.flatMap(({ name: policy, scope, action }) => {
    if (scope !== 'authentication') return [];
    const value = parseActions(action, false).get('sms_provider');
    const names = typeof value === 'string' ? value.split(/\s+/).filter((one) => one !== '') : [];
    return names.map((provider) => ({ policy, provider }));
  });
}

/** `otppin=2` asks for `otppin`. */
function actionName(action: string): string {
  return action.split('=', 1)[0]!.trim();
}
