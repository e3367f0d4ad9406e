/** The modules for docs/ser-cfg.md, from their definitions. `node test/ser-cfg-document.ts` writes them; a test compares. */
import { isHeld } from '../src/doors/sip/held.ts';
import { listCore, listModules, type ModuleListing } from '../src/doors/sip/listing.ts';
import { listAbsent } from '../src/doors/sip/script/absent-modules.ts';
import type { FunctionSpec, ParameterSpec } from '../src/doors/sip/script/types.ts';
import { type GeneratedPart, table, writePage } from './generated-document.ts';

export const serCfgPart: GeneratedPart = {
  page: 'ser-cfg.md',
  maker: 'test/ser-cfg-document.ts',
  text: () => [coreSection(), ...listModules().map(moduleSection), absentSection()].join('\n\n'),
};

function coreSection(): string {
  const { functions, absent } = listCore();
  const rows = functions.map(({ names, forms }) => [names.map((name) => `\`${name}\``).join(', '), forms.join(' or ')]);
  return ['### Core functions', table(['Function', 'Arguments'], rows), absentTable(absent)].join('\n\n');
}

function moduleSection(module: ModuleListing): string {
  const { name, aliases, describe, needs, functions, parameters, absent } = module;
  const also = aliases.length > 0 ? ` Also loaded as ${aliases.map((alias) => `\`${alias}\``).join(', ')}.` : '';
  const after = needs.length > 0 ? ` Needs ${needs.map((need) => `\`${need}\``).join(', ')} before it.` : '';
  const parts = [`### ${name}`, `${describe}${also}${after}`];
  if (functions.length > 0)
    parts.push(table(['Function', 'Arguments', 'Where', 'What it does; results'], functions.map(functionRow)));
  if (parameters.length > 0)
    parts.push(table(['Parameter', 'Type', 'Default', 'Meaning'], parameters.map(parameterRow)));
  if (Object.keys(absent).length > 0) parts.push(absentTable(absent));
  return parts.join('\n\n');
}

function absentSection(): string {
  const rows = listAbsent().map(({ name, functions, cure }) => [
    `\`${name}\``,
    functions.map((one) => `\`${one}\``).join(', ') || '–',
    cure,
  ]);
  return ['### Modules that are not here', table(['Module', 'Functions', 'What to do'], rows)].join('\n\n');
}

function absentTable(absent: Readonly<Record<string, string>>): string {
  return table(
    ['Not there', 'What to do'],
    Object.entries(absent).map(([one, why]) => [`\`${one}\``, why]),
  );
}

function functionRow({ name, arity, routes, describe }: FunctionSpec): string[] {
  return [`\`${name}\``, arity.join(' or '), routes.join(', '), describe];
}

function parameterRow(spec: ParameterSpec): string[] {
  const { name, type, default: preset, describe } = spec;
  const held = isHeld(spec) ? ' Changed by a restart alone.' : '';
  const shown = preset === null ? 'unset' : `\`${typeof preset === 'string' ? `"${preset}"` : preset}\``;
  return [`\`${name}\``, type === 'int' ? 'number' : 'string', shown, describe + held];
}

if (import.meta.main) writePage(serCfgPart);
