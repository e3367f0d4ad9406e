/**
 * Serial forking: serialize_branches puts the destinations of a request in the order of their q, next_branches takes the best of
 * those that are left; all of one q are tried at once. What is left goes with the request into its failure routes.
 */
import type { Branch, Run } from '../run.ts';
import { addBranch } from './branch-set.ts';
import type { CoreAction } from './core-action.ts';

/** A destination without q comes last. */
const NO_Q = -1;

const serialize: CoreAction = {
  forms: [['number']],
  routes: ['request', 'failure'],
  bind: ([clear]) => {
    const keep = clear!.value === 0;
    return (run) => {
      const before = keep ? (run.serial ?? []) : [];
      run.serial = [...before, ...classes(destinations(run))];
      run.branches = undefined;
      return 1;
    };
  },
};

const next: CoreAction = {
  forms: [[]],
  routes: ['request', 'failure'],
  bind: () => (run) => {
    const best = run.serial?.shift();
    if (best === undefined) return -1;
    // A failure route sends the added branches alone; a request begins with its Request-URI.
    const [first, ...further] = best;
    if (run.kind === 'failure') addBranch(run, first!);
    else {
      run.uri = first!.uri;
      run.destination = first!.destination;
      run.path = first!.path;
      run.uriFrom = first!.sendFrom;
    }
    for (const branch of further) addBranch(run, branch);
    return 1;
  },
};

export const SERIAL_ACTIONS: readonly (readonly [string, CoreAction])[] = [
  ['serialize_branches', serialize],
  ['next_branches', next],
];

function destinations(run: Run): Branch[] {
  const { uri, destination, path, q, uriFrom: sendFrom } = run;
  const own = run.kind === 'failure' ? [] : [{ uri, destination, path, q, sendFrom }];
  return [...own, ...(run.branches ?? [])];
}

function classes(branches: readonly Branch[]): Branch[][] {
  const byQ = Map.groupBy(branches, ({ q = NO_Q }) => q);
  return [...byQ].sort(([a], [b]) => b - a).map(([, list]) => list);
}
