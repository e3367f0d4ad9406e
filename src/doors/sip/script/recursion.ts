/**
 * Routes that call themselves. Where nothing can stop it, that is an error; elsewhere the machine's limit of depth does, and
 * a warning says so. Errors and warnings: SCRIPT_RECURSION.
 */

import type { Analysis } from './analyse.ts';
import type { Problems, Span } from './diagnostics.ts';
import type { RouteKey } from './route-kinds.ts';
import type { Expression, Statement } from './syntax.ts';

interface Edge {
  readonly to: RouteKey;
  readonly at: Span;
  /** Nothing before it can leave the route. */
  readonly certain: boolean;
}

export function findRecursion({ routes, calls }: Analysis, problems: Problems): undefined {
  const edges = new Map<RouteKey, Edge[]>();
  for (const route of routes.values()) edges.set(route.key, edgesOf(route.body));
  const done = new Set<RouteKey>();
  const path: RouteKey[] = [];
  const through: Edge[] = [];
  for (const key of routes.keys()) visit(key);

  function visit(key: RouteKey): undefined {
    if (done.has(key)) return;
    path.push(key);
    for (const edge of edges.get(key) ?? []) {
      through.push(edge);
      const start = path.indexOf(edge.to);
      if (start >= 0) report(path.slice(start), through.slice(start), edge);
      else visit(edge.to);
      through.pop();
    }
    path.pop();
    done.add(key);
  }

  function report(cycle: readonly RouteKey[], steps: readonly Edge[], { to, at }: Edge): undefined {
    const way = [...cycle, to].join(' calls ');
    const cure = 'remove this call or let a condition end it';
    if (steps.every((step) => step.certain)) {
      problems.error('SCRIPT_RECURSION', at, `this never ends: ${way}`, {
        cause: 'nothing on the way leaves a route',
        cure,
      });
    } else {
      problems.warn('SCRIPT_RECURSION', at, `this may go in circles: ${way}`, {
        cause: 'at a depth of 100 it is stopped',
        cure,
      });
    }
  }

  function edgesOf(body: readonly Statement[]): Edge[] {
    const found: Edge[] = [];
    walk(body, true);
    return found;

    /** Gives whether what follows is still certain. */
    function walk(list: readonly Statement[], certain: boolean): boolean {
      let sure = certain;
      for (const statement of list) {
        if (statement.kind === 'call') sure = call(statement, sure);
        else if (statement.kind === 'block') sure = walk(statement.body, sure);
        else if (statement.kind === 'leave') return false;
        else if (statement.kind === 'if') {
          if (statement.condition) condition(statement.condition);
          walk(statement.then, false);
          walk(statement.otherwise ?? [], false);
          sure = false;
        } else if (statement.kind === 'while') {
          if (statement.condition) condition(statement.condition);
          walk(statement.body, false);
          sure = false;
        } else if (statement.kind === 'switch') {
          for (const { body } of statement.cases) walk(body, false);
          sure = false;
        }
      }
      return sure;
    }

    function condition(node: Expression): undefined {
      if (node.kind === 'logic') {
        condition(node.left);
        condition(node.right);
      } else if (node.kind === 'not') condition(node.operand);
      else if (node.kind === 'call') call(node, false);
    }

    function call(node: Statement & { kind: 'call' }, certain: boolean): boolean {
      const target = calls.get(node);
      if (target?.kind !== 'route') return certain && target?.kind === 'core';
      found.push({ to: target.key, at: node.at, certain });
      return false;
    }
  }
}
