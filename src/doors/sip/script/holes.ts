/**
 * Finds the ways through a script on which a request is relayed, or a contact stored, without anybody having been
 * authenticated. The script runs as it is written; these are warnings.
 *
 * How: the script is walked with sets of methods instead of a message, one set for each answer to "were credentials checked
 * on this way" and "was loose_route() true". Conditions on the method divide a set; all others let it go both ways. So a
 * way that exists is always found; one that a condition on something else excludes may be reported too.
 */

import type { Analysis } from './analyse.ts';
import type { Problems, Span } from './diagnostics.ts';
import type { DialectName } from './dialect.ts';
import type { RouteKey } from './route-kinds.ts';
import type { CallNode, Comparison, Expression, Statement, SwitchNode } from './syntax.ts';

const METHODS = ['INVITE', 'REGISTER', 'ACK', 'CANCEL', 'BYE', 'other methods'];
const OTHER = 5;
const ALL = 63;
/** ACK and CANCEL cannot be challenged (RFC 3261 22.1). */
const CHALLENGEABLE = ALL & ~0b1100;
const REGISTER = 0b10;

/** Sets of methods: index 0 nothing checked, 1 authenticated, 2 loosely routed, 3 both. */
type Ways = readonly [number, number, number, number];

const NONE: Ways = [0, 0, 0, 0];

const join = (a: Ways, b: Ways): Ways => [a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3]];
const only = (ways: Ways, mask: number): Ways => [ways[0] & mask, ways[1] & mask, ways[2] & mask, ways[3] & mask];
const authenticated = (w: Ways): Ways => [0, w[0] | w[1], 0, w[2] | w[3]];
const routed = (w: Ways): Ways => [0, 0, w[0] | w[2], w[1] | w[3]];
const isEmpty = (w: Ways) => (w[0] | w[1] | w[2] | w[3]) === 0;

const DEEPEST = 100;

interface Site {
  readonly at: Span;
  methods: number;
}

export function findHoles({ routes, calls }: Analysis, dialect: DialectName, problems: Problems): undefined {
  /** Calls of the main route that lead to an unauthenticated relay or save. */
  const relays = new Map<number, Site>();
  const saves = new Map<number, Site>();
  let preloaded: { loose: CallNode; relay: Span } | undefined;
  let loose: CallNode | undefined;
  /** The statement of the main route under way. */
  let site: Span | undefined;
  const stack: RouteKey[] = [];
  /** What leaves the current route early. */
  let left: Ways = NONE;
  /** The ways that left each loop or switch around the statement under way by `break`. */
  const breaks: Ways[] = [];
  /** Walks of a route already done from the same ways; keeps the walk from growing without bound. */
  const known = new Map<string, Ways>();

  walkRoute('route', [ALL, 0, 0, 0]);
  report();

  function walkRoute(name: RouteKey, ways: Ways): Ways {
    const route = routes.get(name);
    if (!route || stack.includes(name) || stack.length >= DEEPEST || isEmpty(ways)) return ways;
    const key = `${name} ${ways} ${site?.offset} ${loose?.at.offset}`;
    const before = known.get(key);
    if (before) return before;
    const outer = left;
    const outerBreaks = breaks.splice(0);
    left = NONE;
    stack.push(name);
    const end = walk(route.body, ways);
    stack.pop();
    const result = join(end, left);
    left = outer;
    breaks.push(...outerBreaks);
    known.set(key, result);
    return result;
  }

  function walk(body: readonly Statement[], from: Ways): Ways {
    let ways = from;
    for (const statement of body) {
      if (isEmpty(ways)) return ways;
      switch (statement.kind) {
        case 'call':
          ways = join(...call(statement, ways));
          break;
        case 'block':
          ways = walk(statement.body, ways);
          break;
        case 'if': {
          const [yes, no] = condition(statement.condition, ways);
          ways = join(walk(statement.then, yes), walk(statement.otherwise ?? [], no));
          break;
        }
        case 'while': {
          const [yes, no] = condition(statement.condition, ways);
          ways = breakable((broken) => join(join(no, walk(statement.body, yes)), broken()));
          break;
        }
        case 'switch':
          ways = breakable((broken) => join(join(ways, cases(statement, ways)), broken()));
          break;
        case 'leave':
          if (statement.word === 'break' && breaks.length > 0) breaks.push(join(breaks.pop()!, ways));
          else if (dialect === 'ser' || statement.word === 'return') left = join(left, ways);
          return NONE;
      }
    }
    return ways;
  }

  /** Each case may be where it begins, or runs on from the one before. */
  function cases({ cases: list }: SwitchNode, ways: Ways): Ways {
    let through = NONE;
    for (const { body } of list) through = walk(body, join(ways, through));
    return through;
  }

  /** What `break` leads out of; `broken` gives the ways that took one. */
  function breakable(walkInner: (broken: () => Ways) => Ways): Ways {
    breaks.push(NONE);
    const after = walkInner(() => breaks.at(-1)!);
    breaks.pop();
    return after;
  }

  /** The ways on which a condition is true, and false. */
  function condition(node: Expression | undefined, ways: Ways): [Ways, Ways] {
    switch (node?.kind) {
      case 'not': {
        const [yes, no] = condition(node.operand, ways);
        return [no, yes];
      }
      case 'logic': {
        const [yes, no] = condition(node.left, ways);
        const [yes2, no2] = condition(node.right, node.operator === '&&' ? yes : no);
        return node.operator === '&&' ? [yes2, join(no, no2)] : [join(yes, yes2), no2];
      }
      case 'call':
        return call(node, ways);
      case 'number':
        return node.value === 0 ? [NONE, ways] : [ways, NONE];
      case 'compare':
        return comparison(node, ways);
      default:
        return [ways, ways];
    }
  }

  function comparison({ left, right, operator }: Comparison, ways: Ways): [Ways, Ways] {
    if (left.kind !== 'word' || left.text !== 'method' || (right.kind !== 'string' && right.kind !== 'word'))
      return [ways, ways];
    if (operator !== '==' && operator !== '!=') return [ways, ways];
    const index = METHODS.indexOf(right.text.toUpperCase());
    const equal = only(ways, 1 << (index < 0 ? OTHER : index));
    const different = index < 0 ? ways : only(ways, ALL & ~(1 << index));
    return operator === '==' ? [equal, different] : [different, equal];
  }

  function call(node: CallNode, ways: Ways): [Ways, Ways] {
    if (stack.length === 1) site = node.at;
    const target = calls.get(node);
    if (target?.kind === 'route') {
      const after = walkRoute(target.key, ways);
      return [after, after];
    }
    if (target?.kind === 'core' && node.name.startsWith('forward')) relay(node, ways);
    if (target?.kind !== 'module') return [ways, ways];
    // Its result may be 0, which leaves the route; in OpenSER it ends the script.
    if (dialect === 'ser') left = join(left, ways);
    if (/^(?:t_relay|t_forward|forward)/.test(node.name)) relay(node, ways);
    else if (node.name === 'save') note(saves, ways[0] & REGISTER);
    else if (node.name === 'loose_route') {
      loose ??= node;
      return [routed(ways), ways];
    } else if (node.name.endsWith('_authorize')) return [authenticated(ways), ways];
    return [ways, ways];
  }

  function relay(node: CallNode, ways: Ways): undefined {
    if (loose && (ways[2] & CHALLENGEABLE) !== 0) preloaded ??= { loose, relay: node.at };
    note(relays, ways[0] & CHALLENGEABLE);
  }

  function note(sites: Map<number, Site>, methods: number): undefined {
    if (methods === 0 || !site) return;
    const known = sites.get(site.offset);
    if (known) known.methods |= methods;
    else sites.set(site.offset, { at: site, methods });
  }

  function report(): undefined {
    if (preloaded) {
      problems.warn(
        'SCRIPT_PRELOADED_ROUTE',
        preloaded.loose.at,
        'a request that brings its own Route is relayed without authentication',
        {
          cause: `loose_route() is true for it too, and line ${preloaded.relay.line} relays it`,
          cure: 'set sip.preloaded_route: challenge in gatehouse.yaml, or authenticate before this line',
        },
      );
    }
    for (const { at, methods } of relays.values()) {
      const names = METHODS.filter((_, index) => (methods & (1 << index)) !== 0).join(', ');
      problems.warn('SCRIPT_UNAUTHENTICATED', at, `${names} can be relayed from here without authentication`, {
        cause: 'no *_authorize function was true on the way to this line',
        cure: 'authenticate before it with proxy_authorize, as for INVITE, or refuse what need not pass',
      });
    }
    for (const { at } of saves.values()) {
      problems.warn('SCRIPT_UNAUTHENTICATED', at, 'a contact can be stored from here without authentication', {
        cause: 'no *_authorize function was true on the way to save()',
        cure: 'authenticate before it with www_authorize',
      });
    }
  }
}
