/** What may be done by whom, once it is known who asks; and what LinOTP's policies say of somebody. */
import type { Terms } from '../gate/terms.ts';
import type { Ticket } from '../gate/types.ts';
import type { ActionOf, LinotpScope, ValueFor } from './linotp/actions.ts';
import type { Asker } from './linotp/conditions.ts';
import type { ActionAnswer, Permission } from './linotp/rules.ts';
import type { DoorAction, Grant, SecondStep } from './scopes.ts';

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly rule: string };

export interface Policy {
  /** May the user use the door from here and now? The ticket is not given out yet. */
  decide(ticket: Ticket): Decision;
  /** What a session opened by this ticket may do. */
  terms(ticket: Ticket): Terms;
  /** What is asked for after the right proof, of who was allowed by `decide`; undefined: nothing. */
  secondStep(ticket: Ticket): SecondStep | undefined;
  /** For how many seconds a code does that was given at the same place; undefined: no rule says it. */
  remembers(ticket: Ticket): number | undefined;
  /** How many sessions the user may have at once at the door; undefined: no rule says it. */
  mostSessions(ticket: Ticket): number | undefined;
  /** The names of the rules that say this for him. */
  rulesFor(action: DoorAction, ticket: Ticket): string;
  /** Is the user given more than a door gives by itself? */
  grants(action: Grant, ticket: Ticket): boolean;
}

/** One question about LinOTP's policies: the value, typed by the action, and the name of the policy that gives it. */
export interface ActionPolicy {
  /** Undefined: no policy says anything of it. */
  actionValue<Scope extends LinotpScope, Action extends ActionOf<Scope>>(
    scope: Scope,
    action: Action,
    asker: Asker,
  ): ActionAnswer<ValueFor<Scope, Action>> | undefined;
  /** Does a policy let the asker do this? Where none restricts the scope, it is allowed. */
  permits(scope: LinotpScope, action: string, asker: Asker): Permission;
}
