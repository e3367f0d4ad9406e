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
import { findEndingZeros } from './ending-zeros.ts';
import { type Globals, readGlobals } from './globals.ts';
import { findHoles } from './holes.ts';
import { type Token, tokenize } from './lexer.ts';
import { removeMisprints } from './misprints.ts';
import { type LoadedModule, ModuleList } from './modules.ts';
import { parseScript } from './parser.ts';
import { expand, preprocess } from './preprocessor.ts';
import { findRecursion } from './recursion.ts';
import type { ParameterValues, ScriptUses, SipModule } from './types.ts';
import { writtenAvp } from './values/avp-variables.ts';
import type { AvpName } from './values/avps.ts';
import type { Variable } from './values/types.ts';
import { findVariable } from './values/variables.ts';
import { findWeakSettings } from './weak-settings.ts';

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
  const { text: valid, defines } = preprocess(text, problems);
  const raw = expand(tokenize(valid, problems), defines);
  const mark = raw.find((token) => token.kind === 'kamailio');
  if (mark) refuseMark(mark, problems);
  const tokens = removeMisprints(
    raw.filter((token) => token.kind !== 'kamailio'),
    problems,
  );
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
  findWeakSettings(analysis, modules, problems);
  findEndingZeros(analysis, dialect.name, problems);
  const script: LoadedScript = {
    file: options.file,
    dialect,
    globals,
    modules,
    uses: new Uses(dialect.name, analysis, modules, options.file),
    decisions: [dialectDecision(dialect), ...decisions, ...modules.flatMap((module) => module.decisions)],
    analysis,
  };
  return { script, problems: problems.sorted() };
}

/** The rest is read all the same: each word that only Kamailio has is told where it stands. */
function refuseMark(mark: Token, problems: Problems): undefined {
  problems.error('SCRIPT_KAMAILIO', mark, 'this file says that it is written for Kamailio', {
    cause: 'Gatehouse runs the languages of SER 0.9 and OpenSER 1.3, in which break, return and a 0 mean other things',
    cure: 'change what is told below, look at each break, return and drop, then remove this line',
  });
}

/** The same script, its modules with other parameters. */
export function withParameters(
  script: LoadedScript,
  parametersOf: (module: LoadedModule) => ParameterValues,
): LoadedScript {
  const modules = script.modules.map((loaded) => ({ ...loaded, parameters: parametersOf(loaded) }));
  return { ...script, modules, uses: new Uses(script.dialect.name, script.analysis, modules, script.file) };
}

class Uses implements ScriptUses {
  readonly dialect: DialectName;
  readonly #analysis: Analysis;
  readonly #modules: readonly LoadedModule[];
  readonly #file: string;

  constructor(dialect: DialectName, analysis: Analysis, modules: readonly LoadedModule[], file: string) {
    this.dialect = dialect;
    this.#file = file;
    this.#analysis = analysis;
    this.#modules = modules;
  }

  argumentsOf(functionName: string): readonly (readonly string[])[] {
    const calls = [...this.#analysis.calls.keys()].filter((node) => node.name === functionName);
    return calls.map((node) => node.args.map((argument) => argument.text));
  }

  avpName(text: string): AvpName | undefined {
    return writtenAvp(text, this.#analysis.aliases);
  }

  variable(text: string): Variable | undefined {
    const found = findVariable(text, { host: NO_HOST, ...this.#analysis });
    return 'message' in found ? undefined : found;
  }

  parametersOf(module: string): ParameterValues | undefined {
    return this.#modules.find((loaded) => loaded.module.name === module)?.parameters;
  }

  placeOf(module: string, parameter: string): string | undefined {
    const at = this.#modules.find((loaded) => loaded.module.name === module)?.places.get(parameter);
    return at && `${this.#file}:${at.line}:${at.column}`;
  }
}

function dialectDecision({ name, reason, line }: Dialect): Decision {
  const meaning = name === 'ser' ? 'a 0 or break leaves the current route' : 'a 0 ends the whole script';
  return { what: 'dialect', value: name, effect: `${meaning}; chosen because ${reason}`, line };
}
