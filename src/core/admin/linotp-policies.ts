/**
 * Policies as LinOTP's /system/* calls take and show them. Each gives the `value` of the reply.
 *
 * What these replies hold is LinOTP 4's, read in its source but for those of setPolicy and checkPolicy, which were seen: not verified is what
 * importPolicy answers. Errors: POLICY_INVALID, POLICY_NAME, POLICY_UNKNOWN, POLICY_FILE, POLICY_LOCKOUT, those of Administration.
 */
import { GatehouseError } from '../../platform/errors.ts';
import { findPolicies, type Wanted } from '../policy/linotp/search.ts';
import { parsePolicyFile, policyFileText } from '../policy/policy-file.ts';
import type { PolicyRule } from '../policy/types.ts';
import type { Administration } from './types.ts';

/** As LinOTP shows it: all are texts. */
export type ShownPolicy = Readonly<Record<keyof PolicyRule, string>>;

/** Parameters as they came. */
export interface GivenPolicy {
  readonly name: string;
  readonly scope: string;
  readonly action: string;
  readonly realm: string;
  readonly user?: string;
  readonly client?: string;
  readonly time?: string;
  /** `True`, also when absent, or `False`. */
  readonly active?: string;
  /** Even where nobody may change policies any more. */
  readonly enforce?: boolean;
}

export interface CheckedPolicy {
  readonly allowed: boolean;
  readonly policy: Readonly<Record<string, ShownPolicy>> | string;
}

type Calls = Pick<Administration, 'listPolicies' | 'setPolicies' | 'removePolicy'>;
const ATTRIBUTES = ['action', 'scope', 'realm', 'user', 'time', 'client', 'active'] as const;
/** In these whoever is under no rule is free while there is none. */
const OPEN_SCOPES: readonly string[] = ['admin', 'system', 'license'];

export function linotpPolicies(administration: Calls, now: () => Date) {
  const list = async () => (await administration.listPolicies()).policies;
  return { setPolicy, getPolicy, delPolicy, checkPolicy, importPolicy, exportPolicy };

  async function setPolicy(given: GivenPolicy): Promise<Record<string, Record<string, boolean>>> {
    for (const field of ['action', 'scope', 'realm'] as const) {
      if (given[field] === '') {
        throw new GatehouseError('POLICY_INVALID', `Missing attribute ${field} in policy ${given.name}`, {
          hint: 'write * for all realms',
        });
      }
    }
    const { name, scope, action, realm, user = '', client = '', time = '', active = 'True', enforce } = given;
    const rule = { name, scope, action, realm, user, client, time, active: active.toLowerCase() === 'true' };
    if (!enforce) refuseLockout([...(await list()).filter((one) => one.name !== name), rule], rule);
    await administration.setPolicies([rule]);
    return { [`setPolicy ${name}`]: Object.fromEntries(ATTRIBUTES.map((attribute) => [attribute, true])) };
  }

  async function delPolicy(name: string, enforce = false) {
    const before = await list();
    const gone = before.find((one) => one.name === name);
    if (!enforce && gone) refuseLockout(before.filter((one) => one !== gone));
    await administration.removePolicy(name);
    const result = Object.fromEntries(ATTRIBUTES.map((attribute) => [`linotp.Policy.${name}.${attribute}`, true]));
    return { delPolicy: { result } };
  }

  /** `name` may be several, with commas between them. */
  async function getPolicy(wanted: Omit<Wanted, 'time'>): Promise<Record<string, ShownPolicy>> {
    return shown(await found(wanted));
  }

  async function exportPolicy(wanted: Omit<Wanted, 'time'>): Promise<string> {
    return policyFileText(await found(wanted));
  }

  async function found({ name, ...wanted }: Omit<Wanted, 'time'>): Promise<PolicyRule[]> {
    const all = await list();
    const asks = wanted.user !== undefined || wanted.action !== undefined;
    const question = asks ? { ...wanted, time: now() } : wanted;
    if (name === undefined) return findPolicies(all, question);
    return name.split(',').flatMap((one) => findPolicies(all, { ...question, name: one.trim() }));
  }

  async function checkPolicy(
    question: Required<Pick<Wanted, 'user' | 'realm' | 'scope' | 'action' | 'client'>>,
  ): Promise<CheckedPolicy> {
    const all = await list();
    const { scope } = question;
    if (OPEN_SCOPES.includes(scope) && findPolicies(all, { scope }).length === 0)
      return { allowed: true, policy: `No policies in scope ${scope}` };
    const policy = shown(findPolicies(all, { ...question, time: now() }));
    return { allowed: Object.keys(policy).length > 0, policy };
  }

  /** All of the file or nothing; gives how many. */
  async function importPolicy(text: string, file: string): Promise<number> {
    const rules = parsePolicyFile(text, file);
    await administration.setPolicies(rules);
    return rules.length;
  }
}

/** Errors: POLICY_LOCKOUT. `changed` is the one that is set. */
function refuseLockout(after: readonly PolicyRule[], changed?: PolicyRule): void {
  if (changed?.scope === 'system' && changed.user.trim() === '')
    throw lockout(`no user defined for system policy ${changed.name}`);
  const active = after.filter(({ scope, active }) => scope === 'system' && active);
  const mayWrite = active.some(({ action }) => action.split(',').some((one) => /^\s*(\*|write)\s*$/.test(one)));
  if (active.length > 0 && !mayWrite) throw lockout("no active system policy with 'write' would be left");
}

function lockout(why: string): GatehouseError {
  return new GatehouseError('POLICY_LOCKOUT', `potential lockout: ${why}`, {
    hint: 'send enforce=true if it is meant',
  });
}

function shown(rules: readonly PolicyRule[]): Record<string, ShownPolicy> {
  return Object.fromEntries(rules.map((rule) => [rule.name, { ...rule, active: rule.active ? 'True' : 'False' }]));
}
