/**
 * Finds the ways through a script on which a request is relayed, or a contact stored, without anybody having been
 * authenticated. The script runs as it is written; these are warnings.
 *
 * How: the script is walked with sets of methods instead of a message, one set for each answer to "is the sender known on this
 * way", "was loose_route() true" and "was it decided here where it goes". Conditions on the method divide a set; those on
 * addresses and `myself` tell something; all others let it go both ways. So a way that exists is always found; one that a
 * condition on something else excludes may be reported too.
 */

import type { Analysis } from './analyse.ts';
import type { Problems, Span } from './diagnostics.ts';
import type { DialectName } from './dialect.ts';
import { Pattern, PatternError } from './pattern.ts';
import type { RouteKey } from './route-kinds.ts';
import type { AssignNode, CallNode, Comparison, Expression, Statement, SwitchNode } from './syntax.ts';
import { functionsOf } from './unknown-function.ts';
import {
  ALL_METHODS,
  CHALLENGEABLE,
  divide,
  ENTERING,
  isEmpty,
  join,
  Known,
  knowing,
  methodSet,
  methodsOf,
  NONE,
  namesOf,
  only,
  type Ways,
} from './ways.ts';

const DEEPEST = 100;
const REGISTER = methodSet('REGISTER');
/** Core functions that say where the request goes. */
const AIMING = /^(?:rewritehost|sethost|seth|rewritehostport|sethostport|sethp|rewriteuri|seturi|setdsturi)$/;
const AIMED_VARIABLE = /^\$\(?(?:ru|ruri|rd|ruri\.domain|du|duri|dd|br|branch)\b/;
const METHOD_VARIABLE = /^\$(?:rm|\(rm\))$/;
/** Whoever asks for one of these knows what he lets in. */
const ADDRESS = /^(?:src_ip|dst_ip|\$si|\$src_ip|\$Ri)$/;

/** Methods of requests that get out without authentication: to anywhere, to a place known here, or as a contact into a table. */
interface Found {
  open: number;
  reached: number;
  saves: number;
}

interface Site {
  readonly at: Span;
  methods: number;
}

export function findHoles({ routes, calls }: Analysis, dialect: DialectName, problems: Problems): undefined {
  /** Calls of the main route that lead there. */
  const sites: Record<keyof Found, Map<number, Site>> = { open: new Map(), reached: new Map(), saves: new Map() };
  /** What was found in the route under way and those that it calls. */
  let found: Found = { open: 0, reached: 0, saves: 0 };
  let preloaded: { loose: CallNode; relay: Span } | undefined;
  let loose: CallNode | undefined;
  /** Where credentials are checked first, and the methods for which they are anywhere. */
  let check: CallNode | undefined;
  let checked = 0;
  /** The statement of the main route under way. */
  let site: Span | undefined;
  const stack: RouteKey[] = [];
  /** What leaves the current route early. */
  let left: Ways = NONE;
  /** The ways that left each loop or switch around the statement under way by `break`. */
  const breaks: Ways[] = [];
  /** Walks of a route already done from the same ways; keeps the walk from growing without bound. */
  const known = new Map<string, { readonly result: Ways; readonly found: Found }>();

  walkRoute('route', ENTERING);
  report();

  function walkRoute(name: RouteKey, ways: Ways): Ways {
    const route = routes.get(name);
    if (!route || stack.includes(name) || stack.length >= DEEPEST || isEmpty(ways)) return ways;
    const key = `${name} ${ways} ${loose?.at.offset}`;
    const before = known.get(key);
    if (before) {
      noteAll(before.found);
      return before.result;
    }
    const outerFound = found;
    found = { open: 0, reached: 0, saves: 0 };
    const outer = left;
    const outerBreaks = breaks.splice(0);
    left = NONE;
    stack.push(name);
    const end = walk(route.body, ways);
    stack.pop();
    const result = join(end, left);
    left = outer;
    breaks.push(...outerBreaks);
    known.set(key, { result, found });
    const { open, reached, saves } = found;
    // The sites were noted on the way.
    found = { open: outerFound.open | open, reached: outerFound.reached | reached, saves: outerFound.saves | saves };
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
          ways = breakable((broken) => join(cases(statement, ways), broken()));
          break;
        case 'assign':
          ways = assigned(statement, ways);
          break;
        case 'leave':
          if (statement.word === 'break' && breaks.length > 0) breaks.push(join(breaks.pop()!, ways));
          else if (dialect === 'ser' || (statement.word === 'return' && statement.value !== 0)) left = join(left, ways);
          return NONE;
      }
    }
    return ways;
  }

  /** Each case may be where it begins, or runs on from the one before; without a default it may be none of them. */
  function cases({ subject, cases: list }: SwitchNode, ways: Ways): Ways {
    const byMethod = subject?.kind === 'variable' && METHOD_VARIABLE.test(subject.text);
    const named = byMethod ? list.flatMap(({ value }) => (typeof value === 'string' ? [value] : [])) : [];
    const rest = only(ways, divide((method) => named.some((name) => name.toUpperCase() === method), false).no);
    let through = NONE;
    for (const { value, body } of list) {
      const here =
        value === undefined ? rest : typeof value === 'string' && byMethod ? only(ways, methodSet(value)) : ways;
      through = walk(body, join(here, through));
    }
    return list.some(({ value }) => value === undefined) ? through : join(through, rest);
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

  function comparison({ left: one, right, operator }: Comparison, ways: Ways): [Ways, Ways] {
    const negated = operator.startsWith('!');
    const [yes, no] = compared(one, right, operator.endsWith('~'), ways);
    return negated ? [no, yes] : [yes, no];
  }

  /** As if the operator were `==` or `=~`. */
  function compared(one: Expression, right: Expression, byPattern: boolean, ways: Ways): [Ways, Ways] {
    if (one.kind !== 'word' && one.kind !== 'variable') return [ways, ways];
    if (ADDRESS.test(one.text)) return [knowing(ways, Known.sender), ways];
    const isMyself = right.kind === 'word' && right.text === 'myself';
    if (isMyself && /^(?:uri|\$ru|\$rd)$/.test(one.text)) return [knowing(ways, Known.target), ways];
    if (one.text !== 'method' && !METHOD_VARIABLE.test(one.text)) return [ways, ways];
    if (right.kind !== 'string' && right.kind !== 'word') return [ways, ways];
    const sets = byPattern ? matching(right.text) : equalling([right.text]);
    return sets ? [only(ways, sets.yes), only(ways, sets.no)] : [ways, ways];
  }

  function call(node: CallNode, ways: Ways): [Ways, Ways] {
    if (stack.length === 1) site = node.at;
    const target = calls.get(node);
    if (target?.kind === 'route') {
      const after = walkRoute(target.key, ways);
      return [after, after];
    }
    if (target?.kind === 'core') {
      if (!node.name.startsWith('forward'))
        return AIMING.test(node.name) ? both(knowing(ways, Known.target)) : both(ways);
      relay(node, node.args.some(({ text }) => text.startsWith('uri:')) ? ways : knowing(ways, Known.target));
      return both(ways);
    }
    if (target?.kind !== 'module') return both(ways);
    const [spec] = functionsOf(target.module, node.name);
    const answers = spec?.ends === true || spec?.flow === 'sender';
    // Its result may be 0, which leaves the route; in OpenSER it ends the script.
    if (dialect === 'ser') left = join(left, answers ? knowing(ways, Known.answered) : ways);
    if (spec?.ends) return both(NONE);
    switch (spec?.flow) {
      case 'relay':
        relay(node, isAimed(node) ? knowing(ways, Known.target) : ways);
        return both(ways);
      case 'answer':
        return both(/^1/.test(node.args[0]?.text ?? '') ? ways : knowing(ways, Known.answered));
      case 'store':
        note('saves', methodsOf(ways, 0, Known.sender | Known.routed) & REGISTER);
        return both(ways);
      case 'dialog':
        loose ??= node;
        return [knowing(ways, Known.routed), ways];
      case 'sender':
        check ??= node;
        checked |= methodsOf(ways, 0, 0);
        return [knowing(ways, Known.sender), ways];
      case 'target':
        return [knowing(ways, Known.target), ways];
      case 'method': {
        const { yes, no } = equalling(node.args[0]!.text.split('|'));
        return [only(ways, yes), only(ways, no)];
      }
      default:
        return both(ways);
    }
  }

  function relay(node: CallNode, ways: Ways): undefined {
    const vouched = Known.sender | Known.answered;
    if (loose && (methodsOf(ways, Known.routed, vouched) & CHALLENGEABLE) !== 0) {
      preloaded ??= { loose, relay: node.at };
    }
    note('open', methodsOf(ways, 0, vouched | Known.routed | Known.target) & CHALLENGEABLE);
    note('reached', methodsOf(ways, Known.target, vouched | Known.routed) & CHALLENGEABLE);
  }

  function note(kind: keyof Found, methods: number): undefined {
    if (methods === 0 || !site) return;
    found[kind] |= methods;
    const before = sites[kind].get(site.offset);
    if (before) before.methods |= methods;
    else sites[kind].set(site.offset, { at: site, methods });
  }

  function noteAll({ open, reached, saves }: Found): undefined {
    note('open', open);
    note('reached', reached);
    note('saves', saves);
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
    for (const { at, methods } of sites.open.values()) {
      problems.warn('SCRIPT_OPEN_RELAY', at, `strangers can send ${namesOf(methods)} to anywhere from here`, {
        cause: 'on the way to this line nobody was authenticated, and the Request-URI may name any host',
        cure: 'authenticate with proxy_authorize before a request leaves for another domain',
      });
    }
    for (const { at, methods } of sites.reached.values()) {
      problems.warn(
        'SCRIPT_UNAUTHENTICATED',
        at,
        `${namesOf(methods)} can be relayed from here without authentication`,
        {
          cause: 'no *_authorize function was true on the way to this line',
          cure: 'authenticate before it with proxy_authorize, as for INVITE, or refuse what need not pass',
        },
      );
    }
    for (const { at } of sites.saves.values()) {
      problems.warn('SCRIPT_UNAUTHENTICATED', at, 'a contact can be stored from here without authentication', {
        cause: 'no *_authorize function was true on the way to save()',
        cure: 'authenticate before it with www_authorize',
      });
    }
    reportNever();
  }

  /** Some methods are authenticated and others, which are relayed, nowhere: most likely they were forgotten. */
  function reportNever(): undefined {
    const relayed = [...sites.open.values(), ...sites.reached.values()];
    const never = relayed.reduce((methods, one) => methods | one.methods, 0) & ~checked;
    if (never === 0 || !check) return;
    const lines = [...new Set(relayed.filter(({ methods }) => methods & never).map(({ at }) => at.line))];
    const tells = (never & methodSet('OPTIONS')) !== 0 && [...calls.keys()].some(({ name }) => name === 'lookup');
    problems.warn('SCRIPT_NEVER_AUTHENTICATED', check.at, `${namesOf(never)} are never asked for credentials`, {
      cause:
        `${namesOf(checked & CHALLENGEABLE)} come to this line or another that checks them; the others pass by way of line ` +
        `${lines.join(', ')}${tells ? '; what OPTIONS is answered tells anybody who is registered' : ''}`,
      cure: 'let this line check every method but REGISTER, ACK and CANCEL',
    });
  }
}

const both = (ways: Ways): [Ways, Ways] => [ways, ways];

function equalling(names: readonly string[]): { yes: number; no: number } {
  const yes = methodSet(...names);
  return { yes, no: (ALL_METHODS & ~yes) | methodSet('other methods') };
}

function matching(text: string): { yes: number; no: number } | undefined {
  const listed = /^\^\(?([A-Z]+(?:\|[A-Z]+)*)\)?\$$/i.exec(text)?.[1];
  if (listed !== undefined && (text.includes('(') || !listed.includes('|'))) return equalling(listed.split('|'));
  try {
    const pattern = new Pattern(text);
    return divide((method) => pattern.test(method), true);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return undefined;
  }
}

/** `t_relay("udp:192.0.2.1:5060")` and its kin; flags alone do not say where to. */
function isAimed({ args }: CallNode): boolean {
  return args.some(({ text }) => /[a-z.:]/i.test(text) && !/^0x/.test(text));
}

function assigned({ target }: AssignNode, ways: Ways): Ways {
  return AIMED_VARIABLE.test(target) ? knowing(ways, Known.target) : ways;
}
