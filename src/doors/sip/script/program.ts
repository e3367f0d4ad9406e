/** A script as the machine runs it: flat steps that name the steps they lead to. */

import type { Span } from './diagnostics.ts';
import type { ScriptHost } from './host.ts';
import type { RouteKey } from './route-kinds.ts';
import type { Call } from './types.ts';

/** What a step does. Results: > 0 true, < 0 false, 0 leaves the route (SER) or ends the script (OpenSER). */
export const Op = {
  /** Calls a function as a statement and goes to `next`. */
  call: 0,
  /** Calls a function or test as a condition: true `next`, false `other`, error `error`. */
  test: 1,
  /** Runs the route that begins at `value`; then as `call`. */
  route: 2,
  /** Runs the route that begins at `value`; then as `test`. */
  testRoute: 3,
  /** Makes `value` the result of the last action. */
  result: 4,
  jump: 5,
  /** The end of a route: its result is that of its last action. */
  end: 6,
  /** Leaves the route with `value`. */
  leave: 7,
  /** Ends the script; `value` 1: what it was about (a reply, a branch) goes no further. */
  exit: 8,
  /** As `test`, for a comparison: its result is nobody's return code. */
  compare: 9,
  /** Begins the loop number `value`. */
  loop: 10,
  /** One more turn of that loop: `next`, or `other` when it has had too many. */
  turn: 11,
} as const;

export interface Step {
  readonly op: number;
  readonly call: Call;
  readonly value: number;
  readonly next: number;
  readonly other: number;
  readonly error: number;
  readonly at: Span;
}

export interface Program {
  readonly file: string;
  readonly steps: readonly Step[];
  /** First step of the main route. */
  readonly entry: number;
  /** First step of each route by its name (`failure_route[1]`). */
  readonly entries: ReadonlyMap<RouteKey, number>;
  /** `max_while_loops`: turns of one loop. */
  readonly mostTurns: number;
  /** OpenSER: a result of 0 ends the script; SER: it leaves the route. */
  readonly zeroExits: boolean;
  readonly host: ScriptHost;
}
