/**
 * The blocks of a script by what runs them: requests, failures, replies, branches, errors; and in which of these each block may find
 * itself, since `route(n)` can be called from all of them.
 *
 * Errors: SCRIPT_ROUTE, SCRIPT_KAMAILIO.
 */

import type { Problems, Span } from './diagnostics.ts';
import { laterBlock } from './later.ts';
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
/** Blocks of Kamailio that are blocks here by another name; what stands in them is looked at all the same. */
const OTHER_NAMES: Readonly<Record<string, string>> = { request_route: 'route', reply_route: 'onreply_route' };
/** What leads to a block by its number. */
const CALLS: Readonly<Record<string, (n: number) => string>> = {
  route: (n) => `route(${n})`,
  failure_route: (n) => `t_on_failure("${n}")`,
  onreply_route: (n) => `t_on_reply("${n}")`,
  branch_route: (n) => `t_on_branch("${n}")`,
};
const WORD_OF: Readonly<Record<RouteKind, string>> = {
  request: 'route',
  failure: 'failure_route',
  reply: 'onreply_route',
  branch: 'branch_route',
  error: 'error_route',
};

export function routeKey(kind: RouteKind, number: number): RouteKey {
  return number === 0 ? WORD_OF[kind] : `${WORD_OF[kind]}[${number}]`;
}

/** `body` is called for each block that is taken, and for those that only need another name. */
export function collectRoutes(
  blocks: readonly RouteBlock[],
  problems: Problems,
  body: (route: Route) => void,
): Map<RouteKey, Route> {
  const routes = new Map<RouteKey, Route & { readonly body: Statement[] }>();
  for (const block of blocks) {
    const route = routeOf(block, blocks, problems);
    if (!route) continue;
    body(route);
    const before = routes.get(route.key);
    if (before) for (const statement of route.body) before.body.push(statement);
    else routes.set(route.key, { ...route, body: [...route.body] });
  }
  return routes;
}

function routeOf(
  { type, id, at, body }: RouteBlock,
  blocks: readonly RouteBlock[],
  problems: Problems,
): Route | undefined {
  const word = WORDS[OTHER_NAMES[type] ?? type];
  if (!word || type in OTHER_NAMES) {
    problems.error('SCRIPT_KAMAILIO', at, `there is no block \`${type}\``, {
      cause: 'it belongs to Kamailio or OpenSIPS',
      cure: `the blocks are ${Object.keys(WORDS).join(', ')}`,
      ...laterBlock(type),
    });
  }
  if (!word) return undefined;
  if (typeof id === 'string') {
    refuseName(id, at, problems, type, freeNumber(type, id, blocks));
    return { key: `${WORD_OF[word.kind]}[${id}]`, kind: word.kind, at, body };
  }
  if (id < word.least || id > word.most) {
    return problems.error('SCRIPT_ROUTE', at, `a ${type} cannot have the number ${id}`, {
      cure: word.most === 0 ? `write ${type} { ... }` : `use ${word.least} to ${word.most}`,
    });
  }
  return { key: routeKey(word.kind, id), kind: word.kind, at, body };
}

/** A number for the block of this name: the same whenever it is asked for, and another one for each name. */
function freeNumber(type: string, name: string, blocks: readonly RouteBlock[]): number {
  const ids = blocks.filter((block) => block.type === type).map(({ id }) => id);
  const names = [...new Set(ids.filter((id) => typeof id === 'string'))];
  return Math.max(0, ...ids.filter((id) => typeof id === 'number')) + names.indexOf(name) + 1;
}

export function refuseName(name: string, at: Span, problems: Problems, word = 'route', number = 1): undefined {
  const call = CALLS[word]?.(number);
  return problems.error('SCRIPT_KAMAILIO', at, `routes have numbers here, not names like \`${name}\``, {
    cause: 'names of routes belong to Kamailio and OpenSIPS',
    cure: `write ${word}[${number}] { ... }${call ? ` and ${call}` : ''}`,
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
