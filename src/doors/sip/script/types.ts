/**
 * What a SIP module is to the script: names, parameters and functions that `check` can look at without starting anything,
 * and a `build` that turns them into code once per loaded script.
 */

import type { ManagementReply } from '../../../core/admin/management.ts';
import type { Accounts, Run } from '../run.ts';
import type { Services } from '../services.ts';
import type { DialectName } from './dialect.ts';
import type { RouteKind } from './route-kinds.ts';
import type { AvpName } from './values/avps.ts';
import type { Text } from './values/format.ts';
import type { Variable } from './values/types.ts';

export { WAIT } from './wait.ts';

/**
 * A function with its arguments bound. Gives > 0 for true, < 0 for false, 0 to stop the script (in the sense of the
 * dialect), or WAIT after `run.suspend()`.
 */
export type Call = (run: Run) => number;

export interface ParameterSpec {
  readonly name: string;
  readonly type: 'string' | 'int';
  /** A string that SER's scripts write as a number. */
  readonly orNumber?: boolean;
  readonly default: string | number | null;
  readonly describe: string;
  /** The value is or holds a secret: never shown. */
  readonly secret?: boolean;
  /** Only a start can change it: what the module keeps was made with it. */
  readonly held?: true;
  /** A complaint about the value (lower case, no full stop), or undefined when it is fine. */
  readonly check?: (value: string | number) => string | undefined;
}

/**
 * relay: sends the request on. answer: answers it, with the status in the first argument if there is one. store: stores contacts.
 * dialog: true for requests that bring their Route. When true, sender: proves who sent the request; target: has found where it goes;
 * method: the method is in the first argument, `A|B`.
 */
export type Flow = 'relay' | 'answer' | 'store' | 'dialog' | 'sender' | 'target' | 'method';

export interface FunctionSpec {
  readonly name: string;
  /** The numbers of arguments it takes. */
  readonly arity: readonly number[];
  readonly routes: readonly RouteKind[];
  /** Kinds of route that may besides call a `route[n]` in which it stands: SER looks at that block alone. */
  readonly reachedFrom?: readonly RouteKind[];
  readonly describe: string;
  /** The arguments that may hold variables, counted from 0; the function is then among `texts`. */
  readonly takesVariables?: readonly number[];
  /** The arguments, counted from 0, in a syntax of the function's own in which variables are named: `checkArgument` sees them as written. */
  readonly ownSyntax?: readonly number[];
  /** It asks the database, which a trace cannot. */
  readonly asks?: true;
  /** It gives 0 when it succeeds, so what hangs on its result never runs. */
  readonly ends?: boolean;
  /** What it means to the search for ways that nobody is authenticated on; absent: nothing. */
  readonly flow?: Flow;
  /** Its first argument is the number of a route of this kind, which must exist; 0 means none. */
  readonly arms?: RouteKind;
  /** A complaint about one argument of `count`, or undefined when it is fine. Not asked where variables stand. */
  readonly checkArgument?: (index: number, text: string, count?: number) => string | undefined;
}

export type ParameterValues = Readonly<Record<string, string | number | null>>;

/** Binds the arguments of one place in the script; called once for each, when the script is compiled. */
export type FunctionBody = (...args: string[]) => Call;

/** As FunctionBody, for functions whose arguments may hold variables. */
export type TextFunctionBody = (...args: Text[]) => Call;

export type ModuleCommands = Readonly<
  Record<string, () => ManagementReply['lines'] | Promise<ManagementReply['lines']>>
>;

export interface BuiltModule {
  readonly functions: Readonly<Record<string, FunctionBody>>;
  readonly texts?: Readonly<Record<string, TextFunctionBody>>;
  /** Opens what the module needs (tables, preload) before its first message, while another edition may serve; absent: nothing. */
  start?(): Promise<void>;
  /** Told what becomes of flagged requests; one module of a script at most. */
  readonly accounts?: Accounts | undefined;
  /** What management may ask of it, by the command's name: gives the lines of the reply. */
  readonly commands?: ModuleCommands;
  /** This edition serves from now on, and what was made for it is everybody's. Must not fail. */
  serve?(): void;
}

export interface SipModule {
  readonly name: string;
  readonly describe: string;
  /** Other names under which configurations load it. */
  readonly aliases?: readonly string[];
  /** Modules that must be loaded before it. */
  readonly needs: readonly string[];
  readonly parameters: readonly ParameterSpec[];
  readonly functions: readonly FunctionSpec[];
  /** Functions and parameters that the originals have and Gatehouse has not, with the reason or what to do. */
  readonly absent?: Readonly<Record<string, string>>;
  /** Once for each edition of the script; what shall outlive it is Lasting (modules/lasting.ts). */
  build(parameters: ParameterValues, services: Services, uses: ScriptUses): BuiltModule;
}

/** What the script as a whole tells a module. */
export interface ScriptUses {
  /** All literal first and second arguments of the calls of this function. */
  argumentsOf(functionName: string): readonly (readonly string[])[];
  readonly dialect: DialectName;
  /** The variable that a parameter or a part of an argument names; undefined: there is none. */
  variable(text: string): Variable | undefined;
  /** The AVP that is written so: `$avp(s:x)`, `$avp(alias)`, `s:x`; undefined: it is none. */
  avpName(text: string): AvpName | undefined;
  /** Parameter values of other loaded modules; undefined: not loaded. */
  parametersOf(module: string): ParameterValues | undefined;
  /** Where a parameter is set, `ser.cfg:12:30`; undefined: nowhere. */
  placeOf(module: string, parameter: string): string | undefined;
}
