/** `gatehouse modules [NAME]`: what a ser.cfg can use, one line for each function and parameter, and what is not there. */
import { nearest } from '../../platform/problems.ts';
import type { Context, Parts } from '../context.ts';
import { answer } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

interface Row {
  readonly module: string;
  readonly name: string;
  readonly kind: 'function' | 'parameter' | 'not there';
  readonly describe: string;
}

export async function run(context: Context, wanted: string | undefined): Promise<ExitCode> {
  const { listScriptModules } = await context.parts();
  const all = rowsOf(await listScriptModules());
  const rows = wanted === undefined ? all : all.filter(({ module, name }) => module === wanted || name === wanted);
  if (rows.length === 0) {
    const meant = nearest(wanted!, [...all.map(({ name }) => name), ...all.map(({ module }) => module)]);
    answer(context, { items: [] }, () => `there is no ${wanted}${meant ? `; did you mean ${meant}?` : ''}`);
    return EXIT.notFound;
  }
  answer(context, { items: rows }, () =>
    table(
      context.io,
      ['MODULE', 'NAME', 'KIND', 'MEANING'],
      rows.map(({ module, name, kind, describe }) => [module, name, kind, describe]),
    ),
  );
  return EXIT.ok;
}

function rowsOf({ core, modules, elsewhere }: Awaited<ReturnType<Parts['listScriptModules']>>): Row[] {
  const rows: Row[] = [];
  for (const { names, forms } of core.functions) {
    for (const name of names)
      rows.push({ module: 'core', name, kind: 'function', describe: `arguments: ${forms.join(' or ')}` });
  }
  for (const [name, why] of Object.entries(core.absent))
    rows.push({ module: 'core', name, kind: 'not there', describe: why });
  for (const { name: module, describe, functions, parameters, absent } of modules) {
    for (const one of functions) rows.push({ module, name: one.name, kind: 'function', describe: one.describe });
    for (const one of parameters) rows.push({ module, name: one.name, kind: 'parameter', describe: one.describe });
    for (const [name, why] of Object.entries(absent)) rows.push({ module, name, kind: 'not there', describe: why });
    if (functions.length + parameters.length === 0) rows.push({ module, name: module, kind: 'function', describe });
  }
  for (const { name: module, functions, cure } of elsewhere) {
    for (const name of functions.length > 0 ? functions : [module])
      rows.push({ module, name, kind: 'not there', describe: cure });
  }
  return rows;
}
