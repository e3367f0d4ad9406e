/** Which actions a rule of each scope can have, and what they take. A new action is a line here and its use. */

export type ActionKind = 'switch' | 'seconds';

const SCOPES = {
  sip: {
    allow: 'switch', // may the user use the door?
    session_seconds: 'seconds', // how long a session lasts at most: a telephone has to register again
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ActionKind>>>>;

export type PolicyScope = keyof typeof SCOPES;

export const SCOPE_NAMES = Object.keys(SCOPES) as readonly PolicyScope[];
const ACTION_NAMES = new Map(SCOPE_NAMES.map((scope) => [scope, Object.keys(SCOPES[scope])]));

export function isScope(name: string): name is PolicyScope {
  return Object.hasOwn(SCOPES, name);
}

export function actionsOf(scope: PolicyScope): readonly string[] {
  return ACTION_NAMES.get(scope)!;
}

/** Undefined: the scope has no such action. */
export function kindOf(scope: PolicyScope, action: string): ActionKind | undefined {
  const kinds: Readonly<Record<string, ActionKind>> = SCOPES[scope];
  return Object.hasOwn(kinds, action) ? kinds[action] : undefined;
}
