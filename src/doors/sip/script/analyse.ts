/**
 * Finds out what each name of the routes means, and refuses what cannot run: unknown functions and values, routes that do not
 * exist, constructs not supported yet. Everything is told, each thing once.
 *
 * Errors: SCRIPT_UNSUPPORTED, SCRIPT_LOADMODULE, SCRIPT_FUNCTION, SCRIPT_ARGUMENT, SCRIPT_ROUTE, SCRIPT_VALUE,
 * SCRIPT_PATTERN. Warnings: SCRIPT_BREAK, SCRIPT_NEVER_TRUE.
 */
import { didYouMean } from '../../../platform/problems.ts';
import { bindComparison, bindTruth, type Complain } from './conditions.ts';
import { CORE_ACTIONS, type CoreAction, NOT_YET } from './core-actions.ts';
import type { Problems, Span } from './diagnostics.ts';
import { type DialectName, VARIABLE_IN_TEXT } from './dialect.ts';
import type { ScriptHost } from './host.ts';
import type { ModuleList } from './modules.ts';
import type { Argument, CallNode, Comparison, Expression, RouteBlock, ScriptTree, Statement } from './syntax.ts';
import type { FunctionSpec, SipModule } from './types.ts';

/** What a call means. */
export type CallTarget =
  | { readonly kind: 'core'; readonly action: CoreAction }
  | { readonly kind: 'module'; readonly module: SipModule }
  | { readonly kind: 'route'; readonly number: number };

/** All blocks of one number, one behind the other. */
export interface Route {
  readonly number: number;
  readonly at: Span;
  readonly body: readonly Statement[];
}

export interface Analysis {
  readonly routes: ReadonlyMap<number, Route>;
  readonly calls: ReadonlyMap<CallNode, CallTarget>;
}

const HIGHEST_ROUTE = 39;
const OPENSER_BLOCKS = new Set(['failure_route', 'onreply_route', 'branch_route', 'error_route']);

/** Enough of a host to look whether comparisons can be bound. */
const NO_HOST: ScriptHost = { isMyself: () => false, isLocalAddress: () => false, log: () => {}, maxLength: 65535 };

export function analyse(tree: ScriptTree, modules: ModuleList, dialect: DialectName, problems: Problems): Analysis {
  return new Analyser(modules, dialect, problems).run(tree);
}

class Analyser {
  readonly #modules: ModuleList;
  readonly #dialect: DialectName;
  readonly #problems: Problems;
  readonly #complain: Complain;
  readonly #calls = new Map<CallNode, CallTarget>();
  readonly #routeCalls: { number: number; at: Span }[] = [];
  /** Modules whose missing or late loadmodule was told. */
  readonly #told = new Set<SipModule>();
  #breakTold = false;

  constructor(modules: ModuleList, dialect: DialectName, problems: Problems) {
    this.#modules = modules;
    this.#dialect = dialect;
    this.#problems = problems;
    this.#complain = (code, at, message, explanation): undefined =>
      problems.error(code, at, message, explanation) as undefined;
  }

  run(tree: ScriptTree): Analysis {
    const routes = new Map<number, Route>();
    for (const block of tree.blocks) this.#block(block, routes);
    for (const { number, at } of this.#routeCalls) {
      if (!routes.has(number)) this.#undefinedRoute(number, at, routes);
    }
    if (!routes.has(0) && tree.blocks.length === 0) this.#noRoute();
    return { routes, calls: this.#calls };
  }

  #noRoute(): undefined {
    const at = { offset: 0, length: 1, line: 1, column: 1 };
    this.#problems.error('SCRIPT_ROUTE', at, 'there is no route block, so nothing happens to a request', {
      cure: 'add route { ... }',
    });
  }

  #unsupported(at: Span, what: string, cause = 'it belongs to OpenSER; Gatehouse does not run it yet'): undefined {
    this.#problems.error('SCRIPT_UNSUPPORTED', at, `${what} is not supported yet`, {
      cause,
      cure: 'write this part without it',
    });
  }

  #block(block: RouteBlock, routes: Map<number, Route>): undefined {
    const { type, id, at, body } = block;
    if (type !== 'route') {
      const cause = OPENSER_BLOCKS.has(type) ? undefined : 'it belongs to Kamailio';
      return this.#unsupported(at, `\`${type}\``, cause);
    }
    if (typeof id === 'string')
      return this.#unsupported(
        at,
        `the named route \`${id}\``,
        'names of routes belong to Kamailio; here they have numbers',
      );
    if (id < 0 || id > HIGHEST_ROUTE) {
      return this.#problems.error('SCRIPT_ROUTE', at, `a route cannot have the number ${id}`, {
        cure: `use 0 to ${HIGHEST_ROUTE}`,
      });
    }
    this.#statements(body);
    const before = routes.get(id);
    routes.set(id, before ? { ...before, body: [...before.body, ...body] } : { number: id, at, body });
  }

  #undefinedRoute(number: number, at: Span, routes: ReadonlyMap<number, Route>): undefined {
    const names = [...routes.keys()].filter((n) => n > 0).join(', ');
    this.#problems.error('SCRIPT_ROUTE', at, `there is no route[${number}]`, {
      cause: names ? `the file has route[n] for ${names}` : 'the file has no numbered route',
      cure: `add route[${number}] { ... } or correct the number`,
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
        this.#unsupported(statement.at, '`while`');
        return this.#statements(statement.body);
      case 'switch':
        this.#unsupported(statement.at, '`switch`');
        return this.#statements(statement.body);
      case 'assign':
        return this.#unsupported(statement.at, `the assignment to ${statement.target}`);
    }
  }

  #leave({ word, at }: Statement & { kind: 'leave' }): undefined {
    if (word !== 'break' || this.#dialect === 'ser' || this.#breakTold) return;
    this.#breakTold = true;
    this.#problems.warn('SCRIPT_BREAK', at, 'this break ends the whole script', {
      cause:
        'the file is of the OpenSER dialect, where break outside of switch is exit; in SER it returns to the caller',
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
        return this.#call(node);
      case 'compare':
        return this.#comparison(node);
      case 'variable':
        return this.#unsupported(node.at, `the variable ${node.text}`);
      case 'arithmetic':
        return this.#unsupported(node.at, `the operator \`${node.operator}\``);
      case 'number':
        return;
      default:
        bindTruth(node, this.#complain);
    }
  }

  #comparison(node: Comparison): undefined {
    for (const side of [node.left, node.right]) {
      if (side.kind === 'variable' || side.kind === 'arithmetic') return this.#condition(side);
    }
    const { left, right } = node;
    const test = bindComparison(node, NO_HOST, this.#complain);
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
    const variable = node.args.find((argument) => isVariable(argument));
    if (variable) this.#unsupported(variable.at, `a variable in the arguments of ${node.name}()`);
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
      if (argument?.kind === 'word')
        return this.#unsupported(
          argument.at,
          `the named route \`${argument.text}\``,
          'names of routes belong to Kamailio; here they have numbers',
        );
      return this.#problems.error('SCRIPT_ARGUMENT', argument?.at ?? node.at, 'route takes one number', {
        cure: 'write route(1)',
      });
    }
    this.#calls.set(node, { kind: 'route', number: argument!.value });
    this.#routeCalls.push({ number: argument!.value, at: argument!.at });
  }

  #coreCall(node: CallNode, action: CoreAction): undefined {
    const form = action.forms.find(
      (types) => types.length === node.args.length && types.every((type, i) => node.args[i]!.kind === type),
    );
    const complaint = form ? action.check?.(node.args) : undefined;
    if (form && !complaint) {
      this.#calls.set(node, { kind: 'core', action });
      return;
    }
    const forms = action.forms.map(
      (types) => `${node.name}(${types.map((type) => (type === 'string' ? '"text"' : '1')).join(', ')})`,
    );
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
      const counts = [...new Set(specs.flatMap(({ spec }) => spec.arity))].sort().join(' or ');
      return this.#problems.error(
        'SCRIPT_FUNCTION',
        node.at,
        `\`${node.name}\` takes ${counts} arguments, not ${node.args.length}`,
        {
          cause: `${specs[0]!.module.name}: ${specs[0]!.spec.describe}`,
          cure: 'add or remove arguments',
        },
      );
    }
    const allowed = fitting.find(({ spec }) => spec.routes.includes('request'));
    if (!allowed) {
      return this.#problems.error('SCRIPT_FUNCTION', node.at, `\`${node.name}\` cannot be used in a request route`, {
        cause: `it works only in: ${fitting[0]!.spec.routes.join(', ')}`,
        cure: 'move it to such a route',
      });
    }
    for (const [index, argument] of node.args.entries()) this.#argument(node, allowed.spec, index, argument);
    this.#calls.set(node, { kind: 'module', module: allowed.module });
  }

  #argument(node: CallNode, spec: FunctionSpec, index: number, argument: Argument): undefined {
    if (isVariable(argument)) return;
    if (argument.kind !== 'string') {
      return this.#problems.error('SCRIPT_ARGUMENT', argument.at, `the arguments of \`${node.name}\` are strings`, {
        cause: 'functions of modules take nothing but strings',
        cure: `write "${argument.text}" in quotes`,
      });
    }
    const complaint = spec.checkArgument?.(index, argument.text);
    if (complaint) {
      this.#problems.error('SCRIPT_ARGUMENT', argument.at, `argument ${index + 1} of \`${node.name}\` ${complaint}`, {
        cure: spec.describe,
      });
    }
  }

  #lateModule(node: CallNode, module: SipModule, at: Span): undefined {
    if (this.#told.has(module)) return;
    this.#told.add(module);
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

  #unknownCall(node: CallNode): undefined {
    if (NOT_YET.has(node.name))
      return this.#unsupported(
        node.at,
        `\`${node.name}\``,
        'it is a core function of SER or OpenSER that Gatehouse does not have yet',
      );
    const known = [...this.#modules.known];
    const owner = known.find((module) => functionsOf(module, node.name).length > 0);
    if (owner) {
      if (this.#told.has(owner)) return;
      this.#told.add(owner);
      const last = this.#modules.loaded.at(-1);
      return this.#problems.error(
        'SCRIPT_LOADMODULE',
        node.at,
        `\`${node.name}\` needs the module \`${owner.name}\`, which is not loaded`,
        {
          cause: 'its loadmodule line is missing',
          cure: `add ${last ? `below line ${last.at.line}` : 'at the top'}: ${this.#modules.lineFor(owner.name)}`,
        },
      );
    }
    const names = [
      'route',
      'if',
      ...CORE_ACTIONS.keys(),
      ...known.flatMap((module) => module.functions.map((spec) => spec.name)),
    ];
    this.#problems.error('SCRIPT_FUNCTION', node.at, `there is no function \`${node.name}\``, {
      cause: 'neither the core nor any module has it',
      cure: didYouMean(node.name, names, 'correct the name or remove the statement'),
    });
  }
}

function functionsOf(module: SipModule, name: string): FunctionSpec[] {
  return module.functions.filter((spec) => spec.name === name);
}

function isVariable(argument: Argument): boolean {
  return argument.kind === 'variable' || (argument.kind === 'string' && VARIABLE_IN_TEXT.test(argument.text));
}
