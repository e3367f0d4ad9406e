/**
 * The blocks of a script by what runs them: requests, failures, replies, branches, errors; and in which of these each block may find
 * itself, since `route(n)` can be called from all of them.
 *
 * Errors: SCRIPT_ROUTE, SCRIPT_KAMAILIO.
 */

import type { Problems, Span } from './diagnostics.ts';
import type { RouteKey, RouteKind } from './route-kinds.ts';
import type { RouteBlock, Statement } from './syntax.ts';

/** All blocks of one name, one behind the other. */
export interface Route {
  readonly key: RouteKey;
  readonly kind: RouteKind;
  readonly at: Span;
  readonly body: readonly Statement[];
}

interface BlockWord {
  readonly kind: RouteKind;
  /** The lowest number it may have. */
  readonly least: number;
  readonly most: number;
}

const HIGHEST = 39;
const WORDS: Readonly<Record<string, BlockWord>> = {
  route: { kind: 'request', least: 0, most: HIGHEST },
  failure_route: { kind: 'failure', least: 1, most: HIGHEST },
  onreply_route: { kind: 'reply', least: 0, most: HIGHEST },
  branch_route: { kind: 'branch', least: 1, most: HIGHEST },
  error_route: { kind: 'error', least: 0, most: 0 },
};
const WORD_OF: Readonly<Record<RouteKind, string>> = {
  request: 'route',
  failure: 'failure_route',
  reply: 'onreply_route',
  branch: 'branch_route',
  error: 'error_route',
};
/** Words of Kamailio and later OpenSIPS, and how the same is written here. */
const LATER: Readonly<Record<string, string>> = {
  request_route: 'write route { ... }',
  reply_route: 'write onreply_route { ... }',
  local_route: 'requests of our own do not run through the script; remove the block',
  startup_route: 'there is nothing that runs at the start; remove the block',
  timer_route: 'there is nothing that runs by the clock; remove the block',
  event_route: 'there are no events; remove the block',
  onsend_route: 'write branch_route[1] { ... } and arm it with t_on_branch("1")',
};

export function routeKey(kind: RouteKind, number: number): RouteKey {
  return number === 0 ? WORD_OF[kind] : `${WORD_OF[kind]}[${number}]`;
}

/** `body` is called for each block that is taken. */
export function collectRoutes(
  blocks: readonly RouteBlock[],
  problems: Problems,
  body: (route: Route) => void,
): Map<RouteKey, Route> {
  const routes = new Map<RouteKey, Route>();
  for (const block of blocks) {
    const route = routeOf(block, problems);
    if (!route) continue;
    body(route);
    const before = routes.get(route.key);
    routes.set(route.key, before ? { ...before, body: [...before.body, ...route.body] } : route);
  }
  return routes;
}

function routeOf({ type, id, at, body }: RouteBlock, problems: Problems): Route | undefined {
  const word = WORDS[type];
  if (!word) {
    return problems.error('SCRIPT_KAMAILIO', at, `there is no block \`${type}\``, {
      cause: 'it belongs to Kamailio or OpenSIPS',
      cure: LATER[type] ?? `the blocks are ${Object.keys(WORDS).join(', ')}`,
    });
  }
  if (typeof id === 'string') return refuseName(id, at, problems);
  if (id < word.least || id > word.most) {
    return problems.error('SCRIPT_ROUTE', at, `a ${type} cannot have the number ${id}`, {
      cure: word.most === 0 ? `write ${type} { ... }` : `use ${word.least} to ${word.most}`,
    });
  }
  return { key: routeKey(word.kind, id), kind: word.kind, at, body };
}

export function refuseName(name: string, at: Span, problems: Problems): undefined {
  return problems.error('SCRIPT_KAMAILIO', at, `routes have numbers here, not names like \`${name}\``, {
    cause: 'names of routes belong to Kamailio and OpenSIPS',
    cure: 'write route[1] { ... } and route(1), each name one number',
  });
}

/** What each route may run as: what it is itself, and what the routes are that call it. */
export function kindsOf(
  routes: ReadonlyMap<RouteKey, Route>,
  callsOf: (key: RouteKey) => Iterable<RouteKey>,
): ReadonlyMap<RouteKey, ReadonlySet<RouteKind>> {
  const kinds = new Map<RouteKey, Set<RouteKind>>();
  const called = new Set([...routes.keys()].flatMap((key) => [...callsOf(key)]));
  for (const { key, kind } of routes.values()) {
    // A route that others call is what they are.
    if (kind !== 'request' || key === 'route' || !called.has(key)) spread(key, kind);
  }
  for (const { key, kind } of routes.values()) if (!kinds.has(key)) spread(key, kind);
  return kinds;

  function spread(from: RouteKey, kind: RouteKind): void {
    const open = [from];
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      const known = kinds.get(key) ?? new Set();
      if (known.has(kind)) continue;
      kinds.set(key, known.add(kind));
      open.push(...callsOf(key));
    }
  }
}
