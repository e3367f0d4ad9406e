/**
 * Routes that call themselves. Where nothing can stop it, that is an error; elsewhere the machine's limit of depth does, and
 * a warning says so. Errors and warnings: SCRIPT_RECURSION.
 */
import type { Analysis } from './analyse.ts';
import type { Problems, Span } from './diagnostics.ts';
import type { Expression, Statement } from './syntax.ts';

interface Edge {
  readonly to: number;
  readonly at: Span;
  /** Nothing before it can leave the route. */
  readonly certain: boolean;
}

export function findRecursion({ routes, calls }: Analysis, problems: Problems): undefined {
  const edges = new Map<number, Edge[]>();
  for (const route of routes.values()) edges.set(route.number, edgesOf(route.body));
  const done = new Set<number>();
  const path: number[] = [];
  const through: Edge[] = [];
  for (const number of routes.keys()) visit(number);

  function visit(number: number): undefined {
    if (done.has(number)) return;
    path.push(number);
    for (const edge of edges.get(number) ?? []) {
      through.push(edge);
      const start = path.indexOf(edge.to);
      if (start >= 0) report(path.slice(start), through.slice(start), edge);
      else visit(edge.to);
      through.pop();
    }
    path.pop();
    done.add(number);
  }

  function report(cycle: readonly number[], steps: readonly Edge[], { to, at }: Edge): undefined {
    const way = [...cycle, to].map((n) => (n === 0 ? 'route' : `route[${n}]`)).join(' calls ');
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
      found.push({ to: target.number, at: node.at, certain });
      return false;
    }
  }
}
