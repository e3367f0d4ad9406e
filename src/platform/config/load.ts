/**
 * The configuration: gatehouse.yaml, then environment variables over it, checked against the schema that main composed of
 * all sections. Every fault is found in one pass and named with its place.
 */
import type * as z from 'zod';
import type { Problem } from '../problems.ts';
import { ProblemsError, placeOf } from '../problems.ts';
import { applySettings, environmentSettings } from './environment.ts';
import { explainIssues } from './explain.ts';
import type { OptionNode } from './schema.ts';
import { optionTree } from './schema.ts';
import { YamlFile } from './yaml-file.ts';

export interface LoadedConfig<Values> {
  /** Undefined when there are errors. */
  values: Values | undefined;
  problems: Problem[];
  /** Where an option got its value: `gatehouse.yaml:3:5`, an environment variable, or undefined for a default. */
  whereIs(path: readonly string[]): string | undefined;
}

export function loadConfig<Schema extends z.ZodObject>(options: {
  file?: string;
  environment: NodeJS.ProcessEnv;
  schema: Schema;
}): LoadedConfig<z.output<Schema>> {
  const { schema, environment } = options;
  const file = options.file === undefined ? undefined : new YamlFile(options.file);
  // Only faults and variables need it, and it takes a few milliseconds.
  let made: OptionNode | undefined;
  const tree = () => (made ??= optionTree(schema));

  const { settings, problems } = environmentSettings(environment, tree);
  problems.unshift(...(file?.problems ?? []));
  const values = file?.values ?? {};
  applySettings(values, settings);

  const fileIsFaulty = file?.problems.some((problem) => problem.severity === 'error') ?? false;
  const parsed = schema.safeParse(values);
  // What a file that cannot be read would have said is not missing.
  if (!parsed.success && !fileIsFaulty) {
    problems.push(...explainIssues(parsed.error.issues, { values, tree: tree(), file, settings }));
  }
  const ok = parsed.success && !problems.some((problem) => problem.severity === 'error');
  return { values: ok ? parsed.data : undefined, problems, whereIs };

  function whereIs(path: readonly string[]): string | undefined {
    const setting = settings.find((one) => one.path.every((step, index) => path[index] === step));
    if (setting) return `environment variable ${setting.variable}`;
    let value: unknown = file?.values;
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string, unknown>)[step];
    }
    return file && placeOf(file.place(path));
  }
}

/** The values, or a ProblemsError (CONFIG_INVALID) that lists everything. */
export function requireConfig<Values>(loaded: LoadedConfig<Values>): Values {
  if (loaded.values !== undefined) return loaded.values;
  throw new ProblemsError('CONFIG_INVALID', loaded.problems);
}
