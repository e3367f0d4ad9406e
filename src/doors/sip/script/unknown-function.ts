/**
 * What is said of a function that cannot be called: its module is not loaded, it is not there yet, it belongs to another server, or
 * nobody knows it. Errors: SCRIPT_LOADMODULE, SCRIPT_UNSUPPORTED, SCRIPT_KAMAILIO, SCRIPT_FUNCTION.
 */
import { didYouMean } from '../../../platform/problems.ts';
import { absentFunction } from './absent-modules.ts';
import { CORE_ABSENT, CORE_ACTIONS } from './core-actions.ts';
import type { Problems } from './diagnostics.ts';
import { laterFunction } from './later.ts';
import type { ModuleList } from './modules.ts';
import type { CallNode } from './syntax.ts';
import type { FunctionSpec, SipModule } from './types.ts';

export function functionsOf(module: SipModule, name: string): FunctionSpec[] {
  return module.functions.filter((spec) => spec.name === name);
}

/** The module that has it; undefined: none has. */
export function ownerOf(name: string, modules: ModuleList): SipModule | undefined {
  return [...modules.known].find((module) => functionsOf(module, name).length > 0);
}

export function explainUnknown(
  { name, at }: CallNode,
  owner: SipModule | undefined,
  modules: ModuleList,
  problems: Problems,
): undefined {
  if (Object.hasOwn(CORE_ABSENT, name)) {
    return problems.error('SCRIPT_UNSUPPORTED', at, `\`${name}\` of the core is not there`, {
      cure: CORE_ABSENT[name]!,
    });
  }
  if (owner) {
    const last = modules.loaded.at(-1);
    return problems.error(
      'SCRIPT_LOADMODULE',
      at,
      `\`${name}\` needs the module \`${owner.name}\`, which is not loaded`,
      {
        cause: 'its loadmodule line is missing',
        cure: `add ${last ? `below line ${last.at.line}` : 'at the top'}: ${modules.lineFor(owner.name)}`,
      },
    );
  }
  const known = [...modules.known];
  const without = known.find((module) => module.absent?.[name] !== undefined);
  if (without) {
    const cure = without.absent![name]!;
    return problems.error('SCRIPT_UNSUPPORTED', at, `\`${name}\` of ${without.name} is not there`, { cure });
  }
  const absent = absentFunction(name);
  if (absent) {
    return problems.error('SCRIPT_UNSUPPORTED', at, `\`${name}\` of ${absent.module} is not there`, absent);
  }
  const later = laterFunction(name);
  if (later) return problems.error('SCRIPT_KAMAILIO', at, `there is no function \`${name}\` here`, later);
  const names = [
    'route',
    'if',
    ...CORE_ACTIONS.keys(),
    ...known.flatMap(({ functions }) => functions.map((f) => f.name)),
  ];
  return problems.error('SCRIPT_FUNCTION', at, `there is no function \`${name}\``, {
    cause: 'neither the core nor any module has it',
    cure: didYouMean(name, names, 'correct the name or remove the statement'),
  });
}
