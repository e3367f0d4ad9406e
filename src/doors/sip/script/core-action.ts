/** What a function of the core is to the script: the forms of its arguments, and the code that it becomes. */
import type { RouteKind } from './route-kinds.ts';
import type { Argument } from './syntax.ts';
import type { Call } from './types.ts';
import type { ValueScope } from './values/types.ts';

export interface CoreAction {
  /** The kinds of arguments it takes, one list for each form. */
  readonly forms: readonly (readonly ('string' | 'number' | 'host' | 'variable')[])[];
  /** Absent: it may be used anywhere. */
  readonly routes?: readonly RouteKind[];
  /** A complaint about the arguments, or undefined. */
  readonly check?: (args: readonly Argument[], scope: ValueScope) => string | undefined;
  bind(args: readonly Argument[], scope: ValueScope): Call;
}
