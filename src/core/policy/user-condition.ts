/**
 * `user` of a rule: a comma list of `name`, `na*e`, `name@realm` (either part with `*`), `*`, and with `-` or `!` before it what is excluded.
 * Names count as they are written, realms in any case. Errors: POLICY_INVALID.
 */
import { type Condition, compileCondition, EXACT, invalidCondition, NOT, PATTERN } from './condition.ts';
import { compileGlob } from './glob.ts';

export interface NamedUser {
  readonly name: string;
  /** Domain of the login; empty where it has none. */
  readonly realm: string;
}

export function compileUserCondition(text: string): Condition<NamedUser> {
  return compileCondition('user', text, ',', (item) => {
    if (/[\s#:]/.test(item)) {
      throw invalidCondition(
        'user',
        `${JSON.stringify(item)} is no user`,
        'write NAME, NAME@REALM or a pattern such as 10*',
      );
    }
    const at = item.lastIndexOf('@');
    const name = at < 0 ? item : item.slice(0, at);
    const isName = compileGlob(name);
    const isRealm = at < 0 ? undefined : compileGlob(item.slice(at + 1).toLowerCase());
    const grade = item.includes('*') ? PATTERN : EXACT;
    return {
      grade: (user) => (isName(user.name) && (isRealm?.(user.realm.toLowerCase()) ?? true) ? grade : NOT),
    };
  });
}

export function compileRealmCondition(text: string): Condition<string> {
  return compileCondition('realm', text, ',', (item) => {
    const isRealm = compileGlob(item.toLowerCase());
    const grade = item.includes('*') ? PATTERN : EXACT;
    return { grade: (realm) => (isRealm(realm.toLowerCase()) ? grade : NOT) };
  });
}
