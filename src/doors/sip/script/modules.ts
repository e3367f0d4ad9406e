/**
 * Which modules a script loads, in which order, and their parameters.
 *
 * A modparam's first argument is a regular expression read as `^text$`, not grouped: `a|b|c` means `^a` or `b` or `c$`.
 * Errors: SCRIPT_MODULE, SCRIPT_LOADMODULE, SCRIPT_PARAMETER, SCRIPT_PATTERN. Warnings: SCRIPT_IGNORED.
 */
import { didYouMean } from '../../../platform/problems.ts';
import { withoutPasswords } from '../../../platform/redact.ts';
import { absentModule } from './absent-modules.ts';
import type { Decision } from './decisions.ts';
import type { Problems, Span } from './diagnostics.ts';
import { laterModule } from './later.ts';
import { Pattern, PatternError } from './pattern.ts';
import type { LoadModule, ModParam, ScriptTree } from './syntax.ts';
import type { ParameterSpec, ParameterValues, SipModule } from './types.ts';

const OF_THE_ORIGINALS = 'SER or OpenSER had it, Gatehouse has not';

export interface LoadedModule {
  readonly module: SipModule;
  /** Its loadmodule line. */
  readonly at: Span;
  readonly parameters: ParameterValues;
  /** Where parameters are set. */
  readonly places: ReadonlyMap<string, Span>;
  /** Name and effect of its parameters, for `check`. */
  readonly decisions: readonly Decision[];
}

/** A module as it is put together. */
interface Loading {
  readonly module: SipModule;
  readonly at: Span;
  readonly values: Record<string, string | number | null>;
  readonly places: Map<string, Span>;
}

export class ModuleList {
  readonly #known: ReadonlyMap<string, SipModule>;
  readonly #loads: readonly LoadModule[];
  readonly #problems: Problems;
  readonly #loaded: Loading[] = [];
  /** Loaded, and not there. */
  readonly #strangers = new Set<string>();
  /** Modules of which was told that they are not loaded, or too late. */
  readonly told = new Set<SipModule>();
  /** By lower-case name and alias. */
  readonly #names = new Map<string, SipModule>();

  constructor(tree: ScriptTree, known: ReadonlyMap<string, SipModule>, problems: Problems) {
    this.#known = known;
    this.#loads = tree.loads;
    this.#problems = problems;
    for (const module of known.values()) {
      for (const name of [module.name, ...(module.aliases ?? [])]) this.#names.set(name, module);
    }
    for (const load of tree.loads) this.#load(load);
    for (const { module, at } of this.#loaded) this.#checkNeeds(module, at);
    for (const param of tree.params) this.#param(param);
  }

  get all(): readonly LoadedModule[] {
    return this.#loaded.map(({ module, at, values, places }) => ({
      module,
      at,
      parameters: values,
      places,
      decisions: module.parameters.map((spec) => ({
        what: `${module.name}.${spec.name}`,
        value: shown(spec, values[spec.name]),
        effect: spec.describe.replace(/\.$/, ''),
        line: places.get(spec.name)?.line,
      })),
    }));
  }

  /** Loaded modules, in order. */
  get loaded(): readonly { readonly module: SipModule; readonly at: Span }[] {
    return this.#loaded;
  }

  /** All modules there are. */
  get known(): Iterable<SipModule> {
    return new Set(this.#known.values());
  }

  /** The line that loads a module, written as the other ones of this file are. */
  lineFor(name: string): string {
    const path = this.#loads[0]?.path ?? '/usr/local/lib/ser/modules/x.so';
    return `loadmodule "${path.slice(0, path.lastIndexOf('/') + 1)}${name}.so"`;
  }

  #load({ at, path }: LoadModule): undefined {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.so$/, '');
    const module = this.#names.get(name);
    const later = module ? undefined : laterModule(name);
    if (later) {
      this.#strangers.add(name);
      return this.#problems.error('SCRIPT_KAMAILIO', at, `there is no module \`${name}\` here`, later);
    }
    if (!module) {
      this.#strangers.add(name);
      const instead = absentModule(name);
      return this.#problems.error('SCRIPT_MODULE', at, `there is no module \`${name}\``, {
        cause: instead ? OF_THE_ORIGINALS : 'modules are built in; the path does not matter, the name does',
        cure: instead ?? didYouMean(name, this.#names.keys(), 'remove the line and what uses the module'),
      });
    }
    if (this.#loaded.some((other) => other.module === module)) {
      return this.#problems.warn('SCRIPT_IGNORED', at, `the module \`${name}\` is loaded already`, {
        cure: 'remove this line',
      });
    }
    const values = Object.fromEntries(module.parameters.map((spec) => [spec.name, spec.default]));
    this.#loaded.push({ module, at, values, places: new Map() });
  }

  #checkNeeds(module: SipModule, at: Span): undefined {
    for (const need of module.needs) {
      const other = this.#loaded.find((loaded) => loaded.module.name === need);
      if (other && other.at.offset < at.offset) continue;
      this.#problems.error('SCRIPT_LOADMODULE', at, `the module \`${module.name}\` needs \`${need}\` before it`, {
        cause: other ? `\`${need}\` is loaded only in line ${other.at.line}` : `\`${need}\` is not loaded`,
        cure: other
          ? `move line ${other.at.line} above line ${at.line}`
          : `add before line ${at.line}: ${this.lineFor(need)}`,
      });
    }
  }

  #param(param: ModParam): undefined {
    const matches = this.#matching(param);
    if (!matches || this.#strangers.has(param.pattern.text)) return;
    const early = matches.filter((match) => match.at.offset < param.at.offset);
    if (early.length === 0) return this.#nothingMatches(param, matches[0]);
    for (const loading of early) this.#set(loading, param);
  }

  /** Loaded modules whose name the pattern matches; undefined when it cannot be read. */
  #matching({ pattern }: ModParam): Loading[] | undefined {
    try {
      const test = new Pattern(`^${pattern.text}$`);
      return this.#loaded.filter(({ module }) =>
        [module.name, ...(module.aliases ?? [])].some((name) => test.test(name)),
      );
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      this.#problems.error('SCRIPT_PATTERN', pattern.at, `the names of modules cannot be read: ${error.message}`, {
        cause: 'the first argument of modparam is a regular expression',
        cure: 'write the name of a module, or several with | between them',
      });
      return undefined;
    }
  }

  #nothingMatches({ pattern, at }: ModParam, late: Loading | undefined): undefined {
    if (late) {
      this.told.add(late.module);
      return this.#problems.error(
        'SCRIPT_LOADMODULE',
        pattern.at,
        `the module \`${late.module.name}\` is loaded only in line ${late.at.line}`,
        {
          cause: 'a parameter can be set only for a module that is loaded already',
          cure: `move line ${late.at.line} above line ${at.line}`,
        },
      );
    }
    const known = this.#names.get(pattern.text);
    if (known) this.told.add(known);
    this.#problems.error('SCRIPT_LOADMODULE', pattern.at, `no loaded module is called \`${pattern.text}\``, {
      cause: known ? 'its loadmodule line is missing' : 'no module of this name is loaded before this line',
      cure: known
        ? `add before line ${at.line}: ${this.lineFor(known.name)}`
        : didYouMean(pattern.text, this.#names.keys(), 'correct the name'),
    });
  }

  #set({ module, values, places }: Loading, { name, value }: ModParam): undefined {
    const spec = module.parameters.find((candidate) => candidate.name === name.text);
    if (!spec) {
      const names = module.parameters.map((candidate) => candidate.name);
      return this.#problems.error(
        'SCRIPT_PARAMETER',
        name.at,
        `the module \`${module.name}\` has no parameter \`${name.text}\``,
        {
          cure:
            module.absent?.[name.text] ??
            didYouMean(
              name.text,
              names,
              names.length ? `its parameters are ${names.join(', ')}` : 'it has none; remove the line',
            ),
        },
      );
    }
    const given = value.kind === 'number' ? value.value : value.text;
    const complaint = complaintAbout(spec, given);
    if (complaint) {
      const cure =
        (spec.type === 'int') === (typeof given === 'number')
          ? spec.describe
          : spec.type === 'int'
            ? 'write the number without quotes'
            : `write "${value.text}" in quotes`;
      return this.#problems.error('SCRIPT_PARAMETER', value.at, `\`${spec.name}\` of \`${module.name}\` ${complaint}`, {
        cure,
      });
    }
    values[spec.name] = given;
    places.set(spec.name, value.at);
  }
}

/** A value as it may be shown: of a secret only that there is one, of a database's address all but the password. */
function shown({ secret }: ParameterSpec, value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '(none)';
  if (value === '') return '(empty)';
  const text = String(value);
  if (!secret) return text;
  return text.includes('://') ? withoutPasswords(text) : '(not shown)';
}

function complaintAbout(spec: ParameterSpec, given: string | number): string | undefined {
  const type = typeof given === 'number' ? 'int' : 'string';
  if (type !== spec.type && !spec.orNumber)
    return spec.type === 'int' ? 'wants a number, not a string' : 'wants a string, not a number';
  return spec.check?.(given);
}
