/**
 * The tree of a ser.cfg: all of SER 0.9 and OpenSER 1.3.
 */
import type { Span } from './diagnostics.ts';

export type LogicOperator = '&&' | '||';

export interface Node {
  readonly at: Span;
}

export interface Argument extends Node {
  /** `word`: an unquoted name, address or `uri:host`. */
  readonly kind: 'string' | 'number' | 'word' | 'variable';
  readonly text: string;
  readonly value: number;
}

export interface CallNode extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Argument[];
}

export type Expression =
  | (Node & {
      readonly kind: 'logic';
      readonly operator: LogicOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & { readonly kind: 'not'; readonly operand: Expression })
  | Comparison
  | Arithmetic
  | CallNode
  | Operand;

export interface Comparison extends Node {
  readonly kind: 'compare';
  /** `== != < > <= >= =~ !~` */
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Arithmetic extends Node {
  readonly kind: 'arithmetic';
  /** `+ - * / % & | ^`, and `~` or `-` before one operand. */
  readonly operator: string;
  readonly left: Expression;
  /** undefined: the operator stands before its only operand, `left`. */
  readonly right: Expression | undefined;
}

export type Operand =
  | (Node & { readonly kind: 'string'; readonly text: string; readonly raw: boolean })
  | (Node & { readonly kind: 'number'; readonly value: number })
  | (Node & { readonly kind: 'word'; readonly text: string })
  /** `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0` */
  | (Node & { readonly kind: 'address'; readonly text: string })
  | (Node & { readonly kind: 'variable'; readonly text: string })
  | (Node & { readonly kind: 'null' });

export type LeaveWord = 'break' | 'drop' | 'exit' | 'return';

export type Statement =
  | CallNode
  | (Node & {
      readonly kind: 'if';
      /** undefined: it could not be read, which was reported. */
      readonly condition: Expression | undefined;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[] | undefined;
    })
  | (Node & { readonly kind: 'block'; readonly body: readonly Statement[] })
  | (Node & { readonly kind: 'leave'; readonly word: LeaveWord; readonly value: number | undefined })
  | (Node & { readonly kind: 'while'; readonly condition: Expression | undefined; readonly body: readonly Statement[] })
  | SwitchNode
  | AssignNode;

export interface SwitchNode extends Node {
  readonly kind: 'switch';
  /** undefined: it could not be read, which was reported. */
  readonly subject: Expression | undefined;
  readonly cases: readonly SwitchCase[];
}

export interface SwitchCase extends Node {
  /** undefined: `default`. */
  readonly value: string | number | undefined;
  /** Runs on into the next case unless a `break` ends it. */
  readonly body: readonly Statement[];
}

export interface AssignNode extends Node {
  readonly kind: 'assign';
  /** The variable as written. */
  readonly target: string;
  /** `=`, `:=`, `+=` and so on. */
  readonly operator: string;
  readonly value: Expression | undefined;
}

/** `name = values`. */
export interface Assignment extends Node {
  readonly name: string;
  readonly values: readonly Argument[];
}

export interface LoadModule extends Node {
  readonly path: string;
}

export interface ModParam extends Node {
  readonly pattern: Argument;
  readonly name: Argument;
  readonly value: Argument;
}

export interface RouteBlock extends Node {
  /** `route`, `failure_route` ... as written. */
  readonly type: string;
  /** Number or name between the brackets; 0 without them. */
  readonly id: number | string;
  readonly body: readonly Statement[];
}

export interface ScriptTree {
  readonly assignments: readonly Assignment[];
  readonly loads: readonly LoadModule[];
  readonly params: readonly ModParam[];
  readonly blocks: readonly RouteBlock[];
}
