/** What may be done by whom, once it is known who asks. Rules of administrators come later; this is the one built in. */
import type { Knock } from '../gate/types.ts';
import type { Account } from '../users/types.ts';

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly rule: string };

export interface Policy {
  decide(knock: Knock, account: Account): Decision;
}

const ALLOWED: Decision = { allowed: true };

/** Any known, unlocked user may use any door. */
export const openPolicy: Policy = { decide: () => ALLOWED };
