/**
 * Reads a ser.cfg as far as it can be read without starting anything: this is all that `gatehouse check` needs. What comes
 * out can be compiled.
 *
 * Errors: all of SCRIPT_ERRORS, told at once, up to 100 of a file.
 */
import type { Problem } from '../../../platform/problems.ts';
import { type Analysis, analyse, NO_HOST } from './analyse.ts';
import type { Decision } from './decisions.ts';
import { Problems } from './diagnostics.ts';
import { type Dialect, type DialectName, detectDialect } from './dialect.ts';
import { type Globals, readGlobals } from './globals.ts';
import { findHoles } from './holes.ts';
import { refuseKamailio } from './kamailio.ts';
import { tokenize } from './lexer.ts';
import { removeMisprints } from './misprints.ts';
import { type LoadedModule, ModuleList } from './modules.ts';
import { parseScript } from './parser.ts';
import { findRecursion } from './recursion.ts';
import type { ParameterValues, ScriptUses, SipModule } from './types.ts';
import type { Variable } from './values/types.ts';
import { findVariable } from './values/variables.ts';

export interface LoadOptions {
  /** Name for messages. */
  readonly file: string;
  /** All modules there are, by name. */
  readonly modules: ReadonlyMap<string, SipModule>;
  /** `sip.dialect`; absent: found out from the file. */
  readonly dialect?: DialectName;
}

export interface LoadedScript {
  readonly file: string;
  readonly dialect: Dialect;
  readonly globals: Globals;
  /** In the order of their loadmodule lines. */
  readonly modules: readonly LoadedModule[];
  readonly uses: ScriptUses;
  /** What `check` tells about it. */
  readonly decisions: readonly Decision[];
  readonly analysis: Analysis;
}

export interface LoadResult {
  /** undefined: there are errors. */
  readonly script: LoadedScript | undefined;
  /** Errors and warnings in the order of the text. */
  readonly problems: readonly Problem[];
}

export function loadScript(text: string, options: LoadOptions): LoadResult {
  const problems = new Problems(options.file, text);
  const raw = tokenize(text, problems);
  const kamailio = raw.find((token) => token.kind === 'kamailio');
  if (kamailio) return { script: undefined, problems: refuseKamailio(kamailio, raw, text, options.file) };
  const tokens = removeMisprints(raw, problems);
  const dialect = detectDialect(tokens, options.dialect);
  const tree = parseScript(tokens, dialect.name, problems);
  const { globals, decisions } = readGlobals(tree.assignments, problems);
  const list = new ModuleList(tree, options.modules, problems);
  const names = { dialect: dialect.name, aliases: globals.avpAliases };
  const analysis = analyse(tree, list, names, problems);
  if (problems.errors === 0) findRecursion(analysis, problems);
  if (problems.errors > 0) return { script: undefined, problems: problems.sorted() };
  findHoles(analysis, dialect.name, problems);
  const modules = list.all;
  const script: LoadedScript = {
    file: options.file,
    dialect,
    globals,
    modules,
    uses: new Uses(analysis, modules),
    decisions: [dialectDecision(dialect), ...decisions, ...modules.flatMap((module) => module.decisions)],
    analysis,
  };
  return { script, problems: problems.sorted() };
}

class Uses implements ScriptUses {
  readonly #analysis: Analysis;
  readonly #modules: readonly LoadedModule[];

  constructor(analysis: Analysis, modules: readonly LoadedModule[]) {
    this.#analysis = analysis;
    this.#modules = modules;
  }

  argumentsOf(functionName: string): readonly (readonly string[])[] {
    const calls = [...this.#analysis.calls.keys()].filter((node) => node.name === functionName);
    return calls.map((node) => node.args.map((argument) => argument.text));
  }

  variable(text: string): Variable | undefined {
    const found = findVariable(text, { host: NO_HOST, ...this.#analysis });
    return 'message' in found ? undefined : found;
  }

  parametersOf(module: string): ParameterValues | undefined {
    return this.#modules.find((loaded) => loaded.module.name === module)?.parameters;
  }
}

function dialectDecision({ name, reason, line }: Dialect): Decision {
  const meaning = name === 'ser' ? 'a 0 or break leaves the current route' : 'a 0 ends the whole script';
  return { what: 'dialect', value: name, effect: `${meaning}; chosen because ${reason}`, line };
}
