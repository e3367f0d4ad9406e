/** `gatehouse resolver set NAME TYPE CONFIG` */
import type { ResolverType } from '../../core/realms/types.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readJsonObject } from '../json-file.ts';

export async function run(
  context: Context,
  name: string,
  type: string,
  file: string,
  { test }: { test?: boolean },
): Promise<0> {
  const definition = { name, type: type as ResolverType, config: await readJsonObject(context.io, file) };
  await withAdministration(context, async (administration) => {
    if (test) await administration.testResolver(definition);
    await administration.setResolver(definition);
  });
  answer(context, { name }, () => `set ${name}; try it: gatehouse resolver test ${name}`);
  return EXIT.ok;
}
