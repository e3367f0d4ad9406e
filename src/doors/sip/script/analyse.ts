/**
 * Finds out what each name of the routes means, and refuses what cannot run: unknown functions, variables and values, routes that
 * do not exist, functions where they may not be used. Everything is told, each thing once.
 *
 * Errors: SCRIPT_UNSUPPORTED, SCRIPT_LOADMODULE, SCRIPT_FUNCTION, SCRIPT_ARGUMENT, SCRIPT_ROUTE, SCRIPT_VALUE, SCRIPT_VARIABLE,
 * SCRIPT_PATTERN. Warnings: SCRIPT_BREAK, SCRIPT_NEVER_TRUE.
 */

import type { Complain } from './complain.ts';
import { bindComparison, bindTruth } from './conditions.ts';
import type { CoreAction } from './core-action.ts';
import { CORE_ACTIONS } from './core-actions.ts';
import type { Problems, Span } from './diagnostics.ts';
import { type DialectName, VARIABLE_IN_TEXT } from './dialect.ts';
import type { ScriptHost } from './host.ts';
import type { ModuleList } from './modules.ts';
import type { RouteKey, RouteKind } from './route-kinds.ts';
import { collectRoutes, kindsOf, type Route, refuseName, routeKey } from './routes.ts';
import type { Argument, AssignNode, CallNode, Comparison, Expression, ScriptTree, Statement } from './syntax.ts';
import type { FunctionSpec, SipModule } from './types.ts';
import { explainUnknown, functionsOf, ownerOf } from './unknown-function.ts';
import { bindAssignment } from './values/assign.ts';
import { type Binder, bindValue } from './values/expression.ts';
import { bindText } from './values/format.ts';

/** What a call means. */
export type CallTarget =
  | { readonly kind: 'core'; readonly action: CoreAction }
  | { readonly kind: 'module'; readonly module: SipModule }
  | { readonly kind: 'route'; readonly key: RouteKey };

export interface Analysis {
  readonly routes: ReadonlyMap<RouteKey, Route>;
  readonly calls: ReadonlyMap<CallNode, CallTarget>;
  readonly aliases: ReadonlyMap<string, string>;
  /** The place of each $var(name) among a run's variables; those whom modules name come to it later. */
  readonly slotOf: (name: string) => number;
}

/** A function, and where it may be used. */
interface Site {
  readonly node: CallNode;
  readonly route: RouteKey;
  readonly allowed: ReadonlySet<RouteKind>;
  /** Those that may reach it through `route(n)` besides. */
  readonly reached: ReadonlySet<RouteKind>;
}

/** Enough of a host to look whether comparisons can be bound. */
export const NO_HOST: ScriptHost = {
  isMyself: () => false,
  isLocalAddress: () => false,
  socket: () => undefined,
  log: () => {},
  relay: () => -1,
  send: () => false,
  alias: () => false,
  now: () => 0,
  maxLength: 65535,
};

export interface AnalyseOptions {
  readonly dialect: DialectName;
  /** `avp_aliases`. */
  readonly aliases: ReadonlyMap<string, string>;
}

export function analyse(tree: ScriptTree, modules: ModuleList, options: AnalyseOptions, problems: Problems): Analysis {
  return new Analyser(modules, options, problems).run(tree);
}

class Analyser {
  readonly #modules: ModuleList;
  readonly #dialect: DialectName;
  readonly #problems: Problems;
  readonly #binder: Binder;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #calls = new Map<CallNode, CallTarget>();
  /** Routes named by route(n), or armed as by t_on_failure. */
  readonly #named: { readonly key: RouteKey; readonly at: Span; readonly name?: string }[] = [];
  readonly #callsOf = new Map<RouteKey, Set<RouteKey>>();
  readonly #sites: Site[] = [];
  /** The block under way. */
  #route: RouteKey = 'route';
  /** Loops and switches around the statement under way. */
  #breakable = 0;
  #breakTold = false;

  constructor(modules: ModuleList, { dialect, aliases }: AnalyseOptions, problems: Problems) {
    this.#modules = modules;
    this.#dialect = dialect;
    this.#aliases = aliases;
    this.#problems = problems;
    const complain: Complain = (code, at, message, explanation): undefined =>
      problems.error(code, at, message, explanation) as undefined;
    const slots = new Map<string, number>();
    const slotOf = (name: string) => {
      const slot = slots.get(name) ?? slots.size;
      slots.set(name, slot);
      return slot;
    };
    this.#binder = { scope: { host: NO_HOST, aliases, slotOf }, complain };
  }

  run(tree: ScriptTree): Analysis {
    const routes = collectRoutes(tree.blocks, this.#problems, (route) => {
      this.#route = route.key;
      this.#statements(route.body);
    });
    for (const { key, at, name } of this.#named) {
      // A block that has a name was told about where it stands.
      if (routes.has(key)) continue;
      if (name === undefined) this.#undefinedRoute(key, at, routes);
      else refuseName(name, at, this.#problems);
    }
    if (!routes.has('route') && tree.blocks.length === 0) this.#noRoute();
    const kinds = kindsOf(routes, (key) => this.#callsOf.get(key) ?? []);
    for (const site of this.#sites) this.#checkPlace(site, kinds.get(site.route) ?? new Set());
    return { routes, calls: this.#calls, aliases: this.#aliases, slotOf: this.#binder.scope.slotOf };
  }

  #noRoute(): undefined {
    const at = { offset: 0, length: 1, line: 1, column: 1 };
    this.#problems.error('SCRIPT_ROUTE', at, 'there is no route block, so nothing happens to a request', {
      cure: 'add route { ... }',
    });
  }

  #checkPlace({ node, route, allowed, reached }: Site, kinds: ReadonlySet<RouteKind>): undefined {
    const here = this.#kindOf(route);
    const wrong = [...kinds].find((kind) => !allowed.has(kind) && (kind === here || !reached.has(kind)));
    if (wrong === undefined) return;
    const own = here === wrong;
    this.#problems.error('SCRIPT_FUNCTION', node.at, `\`${node.name}\` cannot be used in a ${wrong} route`, {
      cause: `it works only in: ${[...allowed].join(', ')}${own ? '' : `; ${route} is called from a ${wrong} route`}`,
      cure: 'move it to such a route',
    });
  }

  #kindOf(key: RouteKey): RouteKind {
    return KINDS[key.replace(/\[.*/, '')]!;
  }

  #undefinedRoute(key: RouteKey, at: Span, routes: ReadonlyMap<RouteKey, Route>): undefined {
    const word = key.replace(/\[.*/, '');
    const numbers = [...routes.keys()].filter((one) => one.startsWith(`${word}[`));
    this.#problems.error('SCRIPT_ROUTE', at, `there is no ${key}`, {
      cause: numbers.length > 0 ? `the file has ${numbers.join(', ')}` : `the file has no numbered ${word}`,
      cure: `add ${key} { ... } or correct the number`,
    });
  }

  #statements(body: readonly Statement[]): undefined {
    for (const statement of body) this.#statement(statement);
  }

  #statement(statement: Statement): undefined {
    switch (statement.kind) {
      case 'call':
        return this.#call(statement);
      case 'block':
        return this.#statements(statement.body);
      case 'if':
        if (statement.condition) this.#condition(statement.condition);
        this.#statements(statement.then);
        return this.#statements(statement.otherwise ?? []);
      case 'leave':
        return this.#leave(statement);
      case 'while':
        if (statement.condition) this.#condition(statement.condition);
        return this.#inner(statement.body);
      case 'switch':
        if (statement.subject) bindValue(statement.subject, this.#binder);
        return this.#inner(statement.cases.flatMap(({ body }) => body));
      case 'assign':
        return this.#assign(statement);
    }
  }

  /** Statements that `break` leads out of. */
  #inner(body: readonly Statement[]): undefined {
    this.#breakable++;
    this.#statements(body);
    this.#breakable--;
  }

  #assign(node: AssignNode): undefined {
    if (node.value?.kind === 'string' && VARIABLE_IN_TEXT.test(node.value.text)) {
      this.#problems.warn('SCRIPT_LITERAL', node.value.at, 'the variables in this text are not replaced', {
        cause: 'a text that is assigned or compared is taken as it stands',
        cure: 'join the parts: "sip:" + $rU + "@" + $rd',
      });
    }
    bindAssignment(node, this.#binder);
  }

  #leave({ word, at }: Statement & { kind: 'leave' }): undefined {
    if (word !== 'break' || this.#dialect === 'ser' || this.#breakable > 0 || this.#breakTold) return;
    this.#breakTold = true;
    this.#problems.warn('SCRIPT_BREAK', at, 'this break ends the whole script', {
      cause:
        'the file is of the OpenSER dialect, where break outside of switch and while is exit; in SER it returns to the caller',
      cure: 'write exit; or return; as it is meant',
    });
  }

  #condition(node: Expression): undefined {
    switch (node.kind) {
      case 'logic':
        this.#condition(node.left);
        return this.#condition(node.right);
      case 'not':
        return this.#condition(node.operand);
      case 'call':
        this.#warnOfEnd(node);
        return this.#call(node);
      case 'compare':
        return this.#comparison(node);
      case 'number':
        return;
      default:
        bindTruth(node, this.#binder);
    }
  }

  /** A 0 is neither true nor false. */
  #warnOfEnd(node: CallNode): undefined {
    const ends = [...this.#modules.known].some((module) => functionsOf(module, node.name).some((spec) => spec.ends));
    if (!ends) return;
    this.#problems.warn(
      'SCRIPT_ENDS',
      node.at,
      `neither branch of a condition on \`${node.name}\` runs when it succeeds`,
      {
        cause: `it gives 0, which ends the ${this.#dialect === 'ser' ? 'route' : 'script'}, also in a condition and under !`,
        cure: `write ${node.name}(...); as a statement of its own`,
      },
    );
  }

  #comparison(node: Comparison): undefined {
    const { left, right } = node;
    const test = bindComparison(node, this.#binder);
    const tooLong =
      left.kind === 'word' && left.text === 'msg:len' && right.kind === 'word' && right.text === 'max_len';
    if (test && tooLong && node.operator === '>') {
      this.#problems.warn('SCRIPT_NEVER_TRUE', left.at, 'this is never true for a message over UDP', {
        cause: 'max_len is the largest datagram there can be',
        cure: 'compare with a number, for example msg:len > 4096',
      });
    }
  }

  #call(node: CallNode): undefined {
    if (node.name === 'route') return this.#routeCall(node);
    const action = CORE_ACTIONS.get(node.name);
    if (action) return this.#coreCall(node, action);
    const found = this.#modules.loaded.filter(({ module }) => functionsOf(module, node.name).length > 0);
    const before = found.filter(({ at }) => at.offset < node.at.offset);
    if (before.length > 0)
      return this.#moduleCall(
        node,
        before.map(({ module }) => module),
      );
    if (found[0]) return this.#lateModule(node, found[0].module, found[0].at);
    this.#unknownCall(node);
  }

  #routeCall(node: CallNode): undefined {
    const [argument] = node.args;
    if (node.args.length !== 1 || argument!.kind !== 'number') {
      if (argument?.kind === 'word') {
        this.#named.push({ key: `route[${argument.text}]`, at: argument.at, name: argument.text });
        return;
      }
      return this.#problems.error('SCRIPT_ARGUMENT', argument?.at ?? node.at, 'route takes one number', {
        cure: 'write route(1)',
      });
    }
    const key = routeKey('request', argument!.value);
    this.#calls.set(node, { kind: 'route', key });
    this.#named.push({ key, at: argument!.at });
    const calls = this.#callsOf.get(this.#route) ?? new Set();
    this.#callsOf.set(this.#route, calls.add(key));
  }

  #coreCall(node: CallNode, action: CoreAction): undefined {
    const form = action.forms.find(
      (types) => types.length === node.args.length && types.every((type, i) => fits(node.args[i]!, type)),
    );
    const complaint = form ? action.check?.(node.args, this.#binder.scope) : undefined;
    if (form && !complaint) {
      this.#calls.set(node, { kind: 'core', action });
      if (action.routes)
        this.#sites.push({ node, route: this.#route, allowed: new Set(action.routes), reached: new Set() });
      return;
    }
    const forms = action.forms.map((types) => `${node.name}(${types.map((type) => EXAMPLES[type]).join(', ')})`);
    this.#problems.error(
      'SCRIPT_ARGUMENT',
      node.args[0]?.at ?? node.at,
      `\`${node.name}\` cannot take this: ${complaint ?? 'wrong number or kind of arguments'}`,
      {
        cure: `write ${forms.join(' or ')}`,
      },
    );
  }

  #moduleCall(node: CallNode, modules: readonly SipModule[]): undefined {
    const specs = modules.flatMap((module) => functionsOf(module, node.name).map((spec) => ({ module, spec })));
    const fitting = specs.filter(({ spec }) => spec.arity.includes(node.args.length));
    if (fitting.length === 0) {
      const counts = [...new Set(specs.flatMap(({ spec }) => spec.arity))].sort();
      const forms = counts.map((count) => `${node.name}(${Array(count).fill('"text"').join(', ')})`);
      return this.#problems.error(
        'SCRIPT_FUNCTION',
        node.at,
        `\`${node.name}\` takes ${counts.join(' or ')} arguments, not ${node.args.length}`,
        {
          cause: `${specs[0]!.module.name}: ${specs[0]!.spec.describe}`,
          cure: `write ${forms.join(' or ')}`,
        },
      );
    }
    const { module, spec } = fitting[0]!;
    for (const [index, argument] of node.args.entries()) this.#argument(node, spec, index, argument);
    this.#sites.push({
      node,
      route: this.#route,
      allowed: new Set(fitting.flatMap((one) => one.spec.routes)),
      reached: new Set(fitting.flatMap((one) => one.spec.reachedFrom ?? [])),
    });
    this.#calls.set(node, { kind: 'module', module });
  }

  #argument(node: CallNode, spec: FunctionSpec, index: number, argument: Argument): undefined {
    const own = spec.ownSyntax?.includes(index) ?? false;
    if (
      argument.kind === 'string' &&
      VARIABLE_IN_TEXT.test(argument.text) &&
      (own || spec.takesVariables?.includes(index))
    ) {
      const text = bindText(argument.text, this.#binder.scope);
      if ('message' in text) return this.#problems.error('SCRIPT_VARIABLE', argument.at, text.message, text);
      if (!own) return;
    }
    if (argument.kind !== 'string') {
      return this.#problems.error('SCRIPT_ARGUMENT', argument.at, `the arguments of \`${node.name}\` are strings`, {
        cause: 'functions of modules take nothing but strings',
        cure: `write "${argument.text}" in quotes`,
      });
    }
    const complaint =
      VARIABLE_IN_TEXT.test(argument.text) && !own
        ? 'takes no variables'
        : spec.checkArgument?.(index, argument.text, node.args.length);
    if (complaint === undefined && index === 0 && spec.arms && Number(argument.text) !== 0) {
      this.#named.push({ key: routeKey(spec.arms, Number(argument.text)), at: argument.at });
    }
    if (complaint) {
      this.#problems.error('SCRIPT_ARGUMENT', argument.at, `argument ${index + 1} of \`${node.name}\` ${complaint}`, {
        cure: spec.describe,
      });
    }
  }

  #lateModule(node: CallNode, module: SipModule, at: Span): undefined {
    if (this.#modules.told.has(module)) return;
    this.#modules.told.add(module);
    this.#problems.error(
      'SCRIPT_LOADMODULE',
      node.at,
      `\`${node.name}\` is used before its module \`${module.name}\` is loaded`,
      {
        cause: `line ${at.line} loads it, which is too late`,
        cure: `move line ${at.line} above line ${node.at.line}, best to the other loadmodule lines`,
      },
    );
  }

  /** Its module is not loaded, or there is no such function. */
  #unknownCall(node: CallNode): undefined {
    const owner = ownerOf(node.name, this.#modules);
    if (owner && this.#modules.told.has(owner)) return;
    if (owner) this.#modules.told.add(owner);
    explainUnknown(node, owner, this.#modules, this.#problems);
  }
}

const EXAMPLES: Readonly<Record<CoreAction['forms'][number][number], string>> = {
  string: '"text"',
  number: '1',
  host: 'host',
  variable: '$var(x)',
};

const KINDS: Readonly<Record<string, RouteKind>> = {
  route: 'request',
  failure_route: 'failure',
  onreply_route: 'reply',
  branch_route: 'branch',
  error_route: 'error',
};

/** Is this an argument of the type? A host may be a name, an address or a text; a variable may stand in quotes. */
function fits({ kind, text }: Argument, type: CoreAction['forms'][number][number]): boolean {
  if (type === 'host') return kind !== 'variable';
  if (type === 'variable') return kind === 'variable' || (kind === 'string' && text.startsWith('$'));
  return kind === type;
}
