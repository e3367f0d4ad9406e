/**
 * Turns a loaded script into steps. Conditions become tests that jump, constants are folded, jumps to jumps are shortened;
 * every function and comparison is bound to its arguments once.
 */

import type { Run } from '../run.ts';
import type { Analysis } from './analyse.ts';
import type { Complain } from './complain.ts';
import { bindComparison, bindTruth } from './conditions.ts';
import type { Span } from './diagnostics.ts';
import { type DialectName, VARIABLE_IN_TEXT } from './dialect.ts';
import type { ScriptHost } from './host.ts';
import type { LoadedScript } from './load.ts';
import { Op, type Program, type Step } from './program.ts';
import type { RouteKey } from './route-kinds.ts';
import type { Route } from './routes.ts';
import type { AssignNode, CallNode, Expression, Statement, SwitchNode } from './syntax.ts';
import type { BuiltModule, Call } from './types.ts';
import { bindAssignment } from './values/assign.ts';
import { bindCase } from './values/compare.ts';
import { type Binder, bindValue } from './values/expression.ts';
import { bindText, constantText, type Text } from './values/format.ts';
import type { Getter, Value } from './values/types.ts';

/** A step of the script that somebody wants to watch. */
export interface Watched {
  /** `failure_route[1]`. */
  readonly route: RouteKey;
  readonly at: Span;
  readonly kind: 'statement' | 'condition' | 'assignment';
  /** What it is about, read from the run after the step. */
  values(run: Run): readonly { readonly name: string; readonly value: Value }[];
}

export interface CompileOptions {
  /** Puts something around each function, comparison and assignment: to see which ways a script takes. */
  readonly watch?: (step: Watched, call: Call) => Call;
  /** Puts something around each function of core and modules; for tests. */
  readonly wrap?: (name: string, call: Call) => Call;
}

/** A place in the steps, known once it is placed. */
interface Label {
  index: number;
}

interface Draft {
  readonly op: number;
  readonly at: Span;
  readonly call: Call;
  readonly value: number;
  readonly entry: Label | undefined;
  readonly next: Label | undefined;
  readonly other: Label | undefined;
  readonly error: Label | undefined;
}

interface Targets {
  readonly yes: Label;
  readonly no: Label;
  /** Where the whole condition counts as false. */
  readonly error: Label;
}

const NOTHING: Call = () => 1;

/** `built`: each module of `script.modules` by name, as its `build` gave it. */
export function compileScript(
  script: LoadedScript,
  built: ReadonlyMap<string, BuiltModule>,
  host: ScriptHost,
  options: CompileOptions = {},
): Program {
  const compiler = new Compiler(script.analysis, script.dialect.name, built, host, options);
  return { file: script.file, host, mostTurns: script.globals.maxWhileLoops, ...compiler.run() };
}

class Compiler {
  readonly #analysis: Analysis;
  readonly #dialect: DialectName;
  readonly #built: ReadonlyMap<string, BuiltModule>;
  readonly #binder: Binder;
  readonly #wrap: (name: string, call: Call) => Call;
  readonly #watch: CompileOptions['watch'];
  /** The route under way. */
  #inside: RouteKey = 'route';
  readonly #drafts: Draft[] = [];
  readonly #entries = new Map<RouteKey, Label>();
  /** Where `break` leads: behind the innermost loop or switch. */
  readonly #breaks: Label[] = [];
  #loops = 0;

  constructor(
    analysis: Analysis,
    dialect: DialectName,
    built: ReadonlyMap<string, BuiltModule>,
    host: ScriptHost,
    { wrap, watch }: CompileOptions,
  ) {
    this.#analysis = analysis;
    this.#dialect = dialect;
    this.#built = built;
    const { aliases, slotOf } = analysis;
    this.#binder = { scope: { host, aliases, slotOf }, complain: refuse };
    this.#wrap = wrap ?? ((_, call) => call);
    this.#watch = watch;
  }

  run(): Pick<Program, 'steps' | 'entry' | 'entries' | 'zeroExits'> {
    const { routes } = this.#analysis;
    for (const key of routes.keys()) this.#entries.set(key, label());
    for (const route of routes.values()) this.#route(route);
    const entry = this.#entries.get('route') ?? this.#emptyMain();
    const steps = this.#drafts.map((draft, index) => this.#finish(draft, index));
    const entries = new Map([...this.#entries].map(([key, { index }]) => [key, this.#shorten(index)] as const));
    return { steps, entry: this.#shorten(entry.index), entries, zeroExits: this.#dialect === 'openser' };
  }

  #emptyMain(): Label {
    const entry = label();
    this.#place(entry);
    this.#emit(Op.exit, { offset: 0, length: 0, line: 1, column: 1 });
    return entry;
  }

  #emit(op: number, at: Span, parts: Partial<Draft> = {}): undefined {
    const none = { call: NOTHING, value: 0, entry: undefined, next: undefined, other: undefined, error: undefined };
    this.#drafts.push({ ...none, ...parts, op, at });
  }

  #place(target: Label): undefined {
    target.index = this.#drafts.length;
  }

  #finish(draft: Draft, index: number): Step {
    const { op, at, call } = draft;
    const to = (target: Label | undefined) => this.#shorten(target?.index ?? index + 1);
    const value = draft.entry ? this.#shorten(draft.entry.index) : draft.value;
    return { op, call, value, next: to(draft.next), other: to(draft.other), error: to(draft.error), at };
  }

  /** A jump leads forward, or back to the beginning of a loop, which is none: following them ends. */
  #shorten(index: number): number {
    let target = index;
    for (let draft = this.#drafts[target]; draft?.op === Op.jump; draft = this.#drafts[target])
      target = draft.next!.index;
    return target;
  }

  #route(route: Route): undefined {
    this.#inside = route.key;
    this.#place(this.#entries.get(route.key)!);
    if (route.body.length === 0) this.#emit(Op.result, route.at, { value: 1 });
    this.#list(route.body, true);
    this.#emit(Op.end, route.at);
  }

  /** `tail`: the result of the list is the route's. */
  #list(body: readonly Statement[], tail: boolean): undefined {
    for (const [index, statement] of body.entries()) this.#statement(statement, tail && index === body.length - 1);
  }

  #statement(statement: Statement, tail: boolean): undefined {
    switch (statement.kind) {
      case 'call':
        return this.#call(statement);
      case 'block':
        return this.#branch(statement.body, tail, statement.at);
      case 'if':
        return this.#if(statement, tail);
      case 'leave':
        return this.#leave(statement);
      case 'assign':
        return this.#assign(statement);
      case 'while':
        return this.#while(statement, tail);
      case 'switch':
        return this.#switch(statement, tail);
    }
  }

  #assign(node: AssignNode): undefined {
    const call = bindAssignment(node, this.#binder) ?? NOTHING;
    const target: Expression = { kind: 'variable', text: node.target, at: node.at };
    this.#emit(Op.call, node.at, { call: this.#watched('assignment', node.at, this.#wrap('=', call), [target]) });
  }

  #while({ condition, body, at }: Statement & { kind: 'while' }, tail: boolean): undefined {
    const again = label();
    const yes = label();
    const after = label();
    const value = this.#loops++;
    if (tail) this.#emit(Op.result, at, { value: 1 });
    this.#emit(Op.loop, at, { value });
    this.#place(again);
    this.#emit(Op.turn, at, { value, other: after });
    this.#condition(condition!, { yes, no: after, error: after });
    this.#place(yes);
    this.#breakable(after, () => this.#list(body, tail));
    this.#emit(Op.jump, at, { next: again });
    this.#place(after);
  }

  #switch({ subject, cases, at }: SwitchNode, tail: boolean): undefined {
    const bound = bindValue(subject!, this.#binder)!;
    const after = label();
    const places = cases.map(() => label());
    if (tail) this.#emit(Op.result, at, { value: 1 });
    for (const [index, { value, at: place }] of cases.entries()) {
      if (value !== undefined) this.#emit(Op.compare, place, { call: bindCase(bound, value), next: places[index] });
    }
    const preset = cases.findIndex(({ value }) => value === undefined);
    this.#emit(Op.jump, at, { next: places[preset] ?? after });
    this.#breakable(after, () => {
      for (const [index, { body }] of cases.entries()) {
        this.#place(places[index]!);
        this.#list(body, tail);
      }
    });
    this.#place(after);
  }

  #breakable(after: Label, write: () => void): undefined {
    this.#breaks.push(after);
    write();
    this.#breaks.pop();
  }

  #leave({ word, value = 1, at }: Statement & { kind: 'leave' }): undefined {
    const after = word === 'break' ? this.#breaks.at(-1) : undefined;
    if (after) this.#emit(Op.jump, at, { next: after });
    else if (this.#dialect === 'ser') this.#emit(Op.leave, at, { value: 0 });
    else if (word === 'return' && value !== 0) this.#emit(Op.leave, at, { value });
    else this.#emit(Op.exit, at, { value: word === 'drop' ? 1 : 0 });
  }

  #if({ condition, then, otherwise, at }: Statement & { kind: 'if' }, tail: boolean): undefined {
    const yes = label();
    const no = label();
    const after = label();
    this.#condition(condition!, { yes, no, error: no });
    this.#place(yes);
    this.#branch(then, tail, at);
    this.#emit(Op.jump, at, { next: after });
    this.#place(no);
    this.#branch(otherwise ?? [], tail, at);
    this.#place(after);
  }

  /** What has no action in it gives 1. */
  #branch(body: readonly Statement[], tail: boolean, at: Span): undefined {
    if (tail && body.length === 0) this.#emit(Op.result, at, { value: 1 });
    this.#list(body, tail);
  }

  #call(node: CallNode): undefined {
    const entry = this.#entryOf(node);
    if (entry) this.#emit(Op.route, node.at, { entry });
    else this.#emit(Op.call, node.at, { call: this.#watched('statement', node.at, this.#bind(node)) });
  }

  #entryOf(node: CallNode): Label | undefined {
    const target = this.#analysis.calls.get(node);
    return target?.kind === 'route' ? this.#entries.get(target.key) : undefined;
  }

  #bind(node: CallNode): Call {
    const target = this.#analysis.calls.get(node);
    const { scope } = this.#binder;
    if (target?.kind === 'core') return this.#wrap(node.name, target.action.bind(node.args, scope));
    const owner = target?.kind === 'module' ? target.module.name : undefined;
    const built = owner === undefined ? undefined : this.#built.get(owner);
    const texts = built?.texts?.[node.name];
    if (texts) return this.#wrap(node.name, texts(...node.args.map((argument) => this.#text(argument.text))));
    const body = built?.functions[node.name];
    if (!body) throw new Error(`the module ${owner} was built without its function ${node.name}`);
    return this.#wrap(node.name, body(...node.args.map((argument) => argument.text)));
  }

  #watched(kind: Watched['kind'], at: Span, call: Call, about: readonly Expression[] = []): Call {
    if (!this.#watch) return call;
    const readers: { name: string; read: Getter }[] = [];
    for (const node of about) {
      if (node.kind !== 'variable' && node.kind !== 'word') continue;
      const bound = bindValue(node, { scope: this.#binder.scope, complain: (): undefined => undefined });
      if (bound) readers.push({ name: node.text, read: bound.read });
    }
    const values = (run: Run) => readers.map(({ name, read }) => ({ name, value: read(run) }));
    return this.#watch({ route: this.#inside, at, kind, values }, call);
  }

  #text(text: string): Text {
    if (!VARIABLE_IN_TEXT.test(text)) return constantText(text);
    const bound = bindText(text, this.#binder.scope);
    if ('message' in bound) throw new Error(bound.message);
    return bound;
  }

  #condition(node: Expression, targets: Targets): undefined {
    const { yes, no, error } = targets;
    switch (node.kind) {
      case 'not':
        return this.#condition(node.operand, { yes: no, no: yes, error });
      case 'logic': {
        const right = label();
        this.#condition(node.left, node.operator === '&&' ? { yes: right, no, error } : { yes, no: right, error });
        this.#place(right);
        return this.#condition(node.right, targets);
      }
      case 'number':
        return this.#emit(Op.jump, node.at, { next: node.value === 0 ? no : yes });
      case 'call': {
        const entry = this.#entryOf(node);
        const to = { next: yes, other: no, error };
        if (entry) return this.#emit(Op.testRoute, node.at, { ...to, entry });
        const call = this.#watched('condition', node.at, this.#bind(node));
        return this.#emit(Op.test, node.at, { ...to, call });
      }
      default: {
        const call = node.kind === 'compare' ? bindComparison(node, this.#binder) : bindTruth(node, this.#binder);
        const sides = node.kind === 'compare' ? [node.left, node.right] : [node];
        const watched = this.#watched('condition', node.at, call ?? NOTHING, sides);
        return this.#emit(Op.compare, node.at, { call: watched, next: yes, other: no, error });
      }
    }
  }
}

const refuse: Complain = (_, __, message) => {
  throw new Error(`a script with this condition must not have been loaded: ${message}`);
};

function label(): Label {
  return { index: -1 };
}
