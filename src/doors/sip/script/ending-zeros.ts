/**
 * Places where a script waits for a 0 that never comes: a function's 0 ends the route (SER) or the script (OpenSER) before anybody can
 * look at it.
 *
 * Warnings: SCRIPT_NEVER_TRUE, SCRIPT_ENDS.
 */
import type { Analysis } from './analyse.ts';
import type { Problems, Span } from './diagnostics.ts';
import type { DialectName } from './dialect.ts';
import type { RouteKey } from './route-kinds.ts';
import type { Expression, Statement } from './syntax.ts';

const RESULT = /^(?:\$\(?)?(?:rc|retcode|return_code)\)?$/;

export function findEndingZeros({ routes, calls }: Analysis, dialect: DialectName, problems: Problems): undefined {
  /** Routes whose result a condition asks for, and where. */
  const asked = new Map<RouteKey, Span>();
  /** The first `return(0)` of each route. */
  const returns = new Map<RouteKey, Span>();
  const what = dialect === 'ser' ? 'route' : 'script';
  for (const { key, body } of routes.values()) for (const statement of body) visit(statement, key);

  for (const [key, at] of asked) {
    const zero = returns.get(key);
    if (!zero || dialect === 'ser') continue;
    problems.warn('SCRIPT_ENDS', zero, `this ends the whole script, not ${key} with a false`, {
      cause: `line ${at.line} asks for the result of ${key}, but never sees a 0: it is exit`,
      cure: 'write return(-1); for false and return(1); for true',
    });
  }

  function visit(statement: Statement, route: RouteKey): undefined {
    switch (statement.kind) {
      case 'block':
        return all(statement.body, route);
      case 'if':
        if (statement.condition) look(statement.condition);
        all(statement.then, route);
        return all(statement.otherwise ?? [], route);
      case 'while':
        if (statement.condition) look(statement.condition);
        return all(statement.body, route);
      case 'switch': {
        const { subject, cases } = statement;
        if (subject && isResult(subject)) for (const { value, at } of cases) if (value === 0) neverZero(at);
        return all(
          cases.flatMap(({ body }) => body),
          route,
        );
      }
      case 'leave':
        if (statement.word === 'return' && statement.value === 0 && !returns.has(route))
          returns.set(route, statement.at);
    }
  }

  function all(body: readonly Statement[], route: RouteKey): undefined {
    for (const statement of body) visit(statement, route);
  }

  function look(node: Expression): undefined {
    if (node.kind === 'logic') {
      look(node.left);
      look(node.right);
    } else if (node.kind === 'not') look(node.operand);
    else if (node.kind === 'call') {
      const target = calls.get(node);
      if (target?.kind === 'route' && !asked.has(target.key)) asked.set(target.key, node.at);
    } else if (node.kind === 'compare' && node.operator === '==') {
      if (isResult(node.left) && node.right.kind === 'number' && node.right.value === 0) neverZero(node.left.at);
    }
  }

  function neverZero(at: Span): undefined {
    problems.warn('SCRIPT_NEVER_TRUE', at, 'the result is never 0 here', {
      cause: `a function that gives 0 ends the ${what} before this line; 0 does not mean false`,
      cure: 'compare with < 0 for failure and > 0 for success',
    });
  }
}

function isResult(node: Expression): boolean {
  return (node.kind === 'word' || node.kind === 'variable') && RESULT.test(node.text);
}
