/** `gatehouse realm set NAME RESOLVER…` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, name: string, resolvers: string[]): Promise<0> {
  await withAdministration(context, (administration) => administration.setRealm(name, resolvers));
  answer(context, { name }, () => `set ${name.toLowerCase()}`);
  return EXIT.ok;
}
