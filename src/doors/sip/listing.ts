/** All that a script can use, by module: for `gatehouse modules` and docs/ser-cfg.md. */
import { modules } from './modules/modules.ts';
import { CORE_ABSENT, CORE_ACTIONS } from './script/core-actions.ts';
import type { FunctionSpec, ParameterSpec } from './script/types.ts';

export interface CoreListing {
  /** Names for the same thing stand together. */
  readonly functions: readonly { readonly names: readonly string[]; readonly forms: readonly string[] }[];
  readonly absent: Readonly<Record<string, string>>;
}

export interface ModuleListing {
  readonly name: string;
  readonly describe: string;
  readonly aliases: readonly string[];
  readonly needs: readonly string[];
  readonly functions: readonly FunctionSpec[];
  readonly parameters: readonly ParameterSpec[];
  readonly absent: Readonly<Record<string, string>>;
}

export function listCore(): CoreListing {
  const names = Map.groupBy(CORE_ACTIONS, ([, action]) => action);
  const functions = [...names].map(([{ forms }, entries]) => ({
    names: entries.map(([name]) => name),
    forms: forms.map((form) => `(${form.join(', ')})`),
  }));
  return { functions, absent: CORE_ABSENT };
}

export function listModules(): ModuleListing[] {
  return [...new Set(modules.values())].map((module) => ({
    name: module.name,
    describe: module.describe,
    aliases: module.aliases ?? [],
    needs: module.needs,
    functions: module.functions,
    parameters: module.parameters,
    absent: module.absent ?? {},
  }));
}
